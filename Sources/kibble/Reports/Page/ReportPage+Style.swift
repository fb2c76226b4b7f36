extension ReportPage {
  /// How the page looks; the colours are those of the charts.
  static let styleSheet: StaticString = """
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1160px; padding: 16px 12px 48px; background: var(--paper);
      color: var(--text); font: 15px/1.5 system-ui, Helvetica, Arial, sans-serif;
      overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }
    h1 { margin: 0; font-size: 26px; line-height: 1.25; }
    h2 { margin: 40px 0 12px; padding-bottom: 4px; font-size: 20px;
      border-bottom: 1px solid var(--strong-line); }
    h3 { margin: 16px 0 4px; font-size: 15px; }
    p { margin: 8px 0; }
    .faint, figcaption, dt, caption { color: var(--faint-text); }
    .verdict { margin: 14px 0; padding: 10px 14px; font-size: 17px; background: var(--panel);
      border-left: 5px solid var(--faint-text); }
    .verdict.passed { border-color: var(--good); }
    .verdict.failed { border-color: var(--bad); }
    .verdict.passed strong, .good { color: var(--good); }
    .verdict.failed strong, .bad { color: var(--bad); font-weight: bold; }
    .warning { padding: 6px 14px; background: var(--panel);
      border-left: 5px solid var(--warning); }
    .warning strong { color: var(--warning); }
    .grid, .columns { display: grid; gap: 20px 36px; align-items: start;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
    .card { padding: 2px 14px 10px; background: var(--panel); border-radius: 6px; }
    .columns section { min-width: 0; }
    .card h3 { margin-top: 10px; color: var(--faint-text); font-weight: normal; }
    .path { margin: 0 0 6px; font-weight: bold; }
    figure { margin: 0; max-width: 620px; }
    figcaption { margin-bottom: 8px; }
    figcaption strong { display: block; color: var(--text); }
    svg { display: block; width: 100%; height: auto; }
    dl { margin: 0; }
    dl div { display: grid; grid-template-columns: 9em 1fr; gap: 0 12px; padding: 2px 0; }
    dt, dd { margin: 0; }
    .wide { overflow-x: auto; margin: 14px 0 8px; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    caption { padding-bottom: 4px; text-align: left; }
    th, td { padding: 4px 18px 4px 0; text-align: left; vertical-align: top;
      border-bottom: 1px solid var(--weak-line); overflow-wrap: normal; }
    th { font-weight: normal; }
    thead th { color: var(--faint-text); border-bottom-color: var(--strong-line); }
    tbody th { min-width: 7em; }
    th.number, td.number { text-align: right; }
    .many tbody th { min-width: 11em; }
    td.number, td.good, td.bad { white-space: nowrap; }
    td.pair { white-space: normal; }
    th:last-child, td:last-child { padding-right: 0; }
    pre { overflow-x: auto; margin: 4px 0; padding: 10px 12px; background: var(--panel);
      border-radius: 6px; font-size: 13px; line-height: 1.45; }
    pre.wrapped { white-space: pre-wrap; }
    details pre { max-height: 70vh; }
    summary { margin: 12px 0; cursor: pointer; }
    .worst { margin: 0; padding: 0; list-style: none; }
    .worst li { padding: 8px 0; border-bottom: 1px solid var(--weak-line); }
    .worst p, .worst dl { margin: 2px 0; }
    .excerpt { white-space: pre-wrap; }
    .excerpt mark, .excerpt ins, code { padding: 1px 3px; border-radius: 3px;
      white-space: pre-wrap; unicode-bidi: isolate; text-decoration: none; }
    .excerpt mark { color: inherit; background: var(--strong-line); }
    .excerpt ins { color: var(--faint-text); border: 1px dashed var(--strong-line); }
    .worst dl div { grid-template-columns: 6em 1fr; }
    code { background: var(--panel); font-size: 14px; }
    @media (max-width: 600px) {
      h1 { font-size: 22px; }
      table { font-size: 14px; }
      th, td { padding-right: 10px; }
      dl div { grid-template-columns: 7.5em 1fr; }
    }
    @media print {
      @page { margin: 14mm; }
      body { max-width: none; padding: 0; font-size: 10pt; }
      .grid { grid-template-columns: 1fr 1fr; gap: 12px 20px; }
      .columns { display: block; }
      .wide { overflow: visible; }
      tbody th, td.text { overflow-wrap: anywhere; }
      pre { overflow: visible; white-space: pre-wrap; }
      details:not([open]) { display: none; }
      figure { max-width: 11cm; }
      svg { max-height: 22cm; }
      h2, h3, caption, summary, .faint, figcaption { break-after: avoid; }
      figure, article, p, li, table, tr, dl div { break-inside: avoid; }
      svg, .verdict, .card, mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    }

    """
}
