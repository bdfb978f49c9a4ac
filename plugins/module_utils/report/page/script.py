# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the page can do: search, sort, filter and copy.  Without it all is there to be read."""

SCRIPT = """
(function () {
  "use strict";
  function make(tag, text) { var found = document.createElement(tag); if (text) { found.textContent = text; } return found; }
  function copy(block, button) {
    var range = document.createRange();
    range.selectNodeContents(block);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    var done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    window.setTimeout(function () { button.textContent = "Copy"; }, 2000);
  }
  document.querySelectorAll(".command").forEach(function (command) {
    var button = make("button", "Copy");
    button.type = "button";
    button.setAttribute("aria-label", "Copy: " + command.textContent);
    button.addEventListener("click", function () { copy(command.querySelector("pre"), button); });
    command.appendChild(button);
  });
  function value(row, column) {
    var cell = row.cells[column];
    return cell.hasAttribute("data-value") ? Number(cell.getAttribute("data-value")) : cell.textContent.toLowerCase();
  }
  function Table(table) {
    var body = table.tBodies[0];
    var rows = Array.from(body.rows);
    var texts = null;
    var tools = make("div");
    tools.className = "tools";
    var search = make("input");
    search.type = "search";
    var label = make("label", "Search ");
    label.appendChild(search);
    tools.appendChild(label);
    var told = make("span");
    told.className = "soft";
    told.setAttribute("role", "status");
    var choices = [];
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var name = head.textContent;
      if (head.hasAttribute("data-filter")) { choices.push(choice(name, column)); }
      var button = make("button", name);
      button.type = "button";
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () { sort(head, column); });
    });
    tools.appendChild(told);
    table.parentNode.parentNode.insertBefore(tools, table.parentNode);
    function choice(name, column) {
      var select = make("select");
      select.appendChild(make("option", "all"));
      Array.from(new Set(rows.map(function (row) { return row.cells[column].textContent; }))).sort().forEach(function (text) {
        if (text) { select.appendChild(make("option", text)); }
      });
      var label = make("label", name + " ");
      label.appendChild(select);
      tools.appendChild(label);
      select.addEventListener("change", show);
      return { select: select, column: column };
    }
    function sort(head, column) {
      var up = head.getAttribute("aria-sort") !== "ascending";
      Array.from(head.parentNode.cells).forEach(function (each) { each.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      var keyed = rows.map(function (row) { return [value(row, column), row]; });
      keyed.sort(function (a, b) { return (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (up ? 1 : -1); });
      var order = document.createDocumentFragment();
      keyed.forEach(function (pair) { order.appendChild(pair[1]); });
      body.appendChild(order);
    }
    function show() {
      if (!texts) { texts = new Map(rows.map(function (row) { return [row, row.textContent.toLowerCase()]; })); }
      var words = search.value.toLowerCase().split(" ").filter(Boolean);
      var count = 0;
      rows.forEach(function (row) {
        var text = texts.get(row);
        var fits = words.every(function (word) { return text.indexOf(word) !== -1; }) && choices.every(function (each) {
          return each.select.selectedIndex === 0 || row.cells[each.column].textContent === each.select.value;
        });
        row.hidden = !fits;
        count += fits ? 1 : 0;
      });
      told.textContent = count + " of " + rows.length;
    }
    search.addEventListener("input", show);
    told.textContent = rows.length + " of " + rows.length;
  }
  document.querySelectorAll("table.data").forEach(function (table) {
    var details = table.closest("details");
    if (!details || details.open) { new Table(table); return; }
    details.addEventListener("toggle", function once() { details.removeEventListener("toggle", once); new Table(table); });
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.printed").forEach(function (each) { each.open = true; });
  });
  document.documentElement.setAttribute("data-ready", String(Math.round(performance.now())));
})();
"""
