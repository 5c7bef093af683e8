/// The look of the report's page: one column of sections, pictures in a grid, dark where the
/// reader's system is dark, ink on paper in print.
enum ReportStyleSheet {
  static let text = """
    :root{color-scheme:light dark;\(ChartStyleSheet.light)}
    @media(prefers-color-scheme:dark){:root{\(ChartStyleSheet.dark)}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);
    font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    main{max-width:1960px;margin:0 auto;padding:24px clamp(12px,2vw,40px) 64px}
    h1{font-size:2rem;line-height:1.2;margin:.3em 0 .2em;overflow-wrap:anywhere}
    h2{font-size:1.4rem;margin:2.2em 0 .6em;padding-top:.5em;border-top:2px solid var(--rule)}
    h3{font-size:1.05rem;margin:0 0 .3em;overflow-wrap:anywhere}
    p,ul{max-width:72em;margin:.5em 0}
    .quiet,figcaption,small{color:var(--soft)}
    small{font-size:.82em}small.under{display:block;line-height:1.1}
    .gallery{display:grid;gap:28px 32px;margin:1em 0;
    grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr))}
    figure{margin:0;min-width:0}
    figure svg{width:100%;height:auto;display:block}
    figcaption{margin-top:.4em;font-size:.95rem;line-height:1.4;overflow-wrap:anywhere}
    .scroll{overflow-x:auto;margin:.8em 0;background-repeat:no-repeat;
    background-attachment:local,local,scroll,scroll;background-position:0 0,100% 0,0 0,100% 0;
    background-size:2rem 100%,2rem 100%,.8rem 100%,.8rem 100%;background-image:
    linear-gradient(to right,var(--paper),#0000),linear-gradient(to left,var(--paper),#0000),
    linear-gradient(to right,#7776,#0000),linear-gradient(to left,#7776,#0000)}
    table{border-collapse:collapse;font-size:.95rem;font-variant-numeric:tabular-nums}
    th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
    th{font-weight:600}thead th{white-space:normal}
    .t{text-align:left}td.t{white-space:normal;min-width:14em}
    p.quiet{font-size:.95rem;max-width:80em}
    thead th{color:var(--soft);vertical-align:bottom;border-bottom:2px solid var(--rule)}
    code,.hash{font:.85rem ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere;
    white-space:normal}
    .few{color:var(--soft);font-style:italic;white-space:normal;display:inline-block;max-width:5.5em;
    line-height:1.15}
    .warn{border-left:4px solid var(--c1);padding:.3em .8em}
    .good{border-left:4px solid var(--c2);padding:.3em .8em}
    nav{font-size:1rem;margin:.8em 0}
    nav a{margin-right:1em;white-space:nowrap;display:inline-block}
    a{color:var(--c0)}
    \(ChartStyleSheet.rules)
    @media print{:root{color-scheme:light;\(ChartStyleSheet.light)}
    body{font-size:10pt}main{max-width:none;padding:0}nav{display:none}
    .gallery{grid-template-columns:repeat(2,1fr)}
    figure,tr,.warn,.good{break-inside:avoid}h2,h3{break-after:avoid}
    .scroll{overflow:visible}th,td{white-space:normal;padding:3px 5px}table{font-size:7.5pt}}
    """
}
