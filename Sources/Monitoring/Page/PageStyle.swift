/// The look: light and dark by the reader's preference, one column on a phone, big on a wall.
///
/// Colours of data are those of M. Okabe and K. Ito (2008), which people with any colour vision
/// tell apart; text and states keep a contrast of at least 4.5 to 1. No meaning hangs on colour
/// alone: states have words and signs, lines have dashes and names.
enum PageStyle {
  static let sheet = #"""
    :root{color-scheme:light dark;--ink:#16191d;--soft:#525a64;--rule:#d5d9de;--paper:#f2f4f6;
    --card:#fff;--shade:#7d879336;--c0:#0067a0;--c1:#b84a00;--c2:#00704f;--c3:#9c3d77;--c4:#7a5c00;
    --good:#0a6b4b;--warn:#8a5a00;--bad:#b3261e}
    @media(prefers-color-scheme:dark){:root{--ink:#e9ebee;--soft:#a7afb9;--rule:#373d45;
    --paper:#0f1215;--card:#191d22;--shade:#93a0b040;--c0:#56b4e9;--c1:#ff9a5c;--c2:#2ec59b;
    --c3:#e79ac8;--c4:#f0c040;--good:#46c996;--warn:#f0b429;--bad:#ff8a80}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);line-height:1.4;
    font:16px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    a{color:var(--c0)}
    h1,h2,p,ul,dl,dd,table{margin:0;padding:0}
    header{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1.6rem;align-items:center;
    padding:1rem 1.4rem;transition:background-color .3s}
    .state{display:flex;align-items:center;gap:1.2rem}
    #symbol{font-size:clamp(2.6rem,7vw,6rem);font-weight:800;line-height:1}
    #state{font-size:clamp(2.6rem,8vw,7rem);font-weight:800;line-height:1;letter-spacing:.01em}
    .who{justify-self:end;text-align:right;font-size:1.1rem;min-width:0;overflow-wrap:anywhere}
    #who{font-weight:600}
    .state-ok{background:#0a6b4b;color:#fff}
    .state-warning{background:#ffc83d;color:#201600}
    .state-alarm{background:#b3261e;color:#fff}
    .state-away{background:#43464d;color:#fff}
    #alarms{grid-column:1/-1;list-style:none;font-size:clamp(1.05rem,1.7vw,1.5rem)}
    #alarms li{padding:.3rem 0;border-top:1px solid #8888}
    #alarms li:first-child{margin-top:.7rem}
    #alarms b{margin-right:.5em}
    #alarms small{font-size:.8em;display:block;overflow-wrap:anywhere}
    main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,23rem),1fr));gap:.9rem;
    padding:.9rem;max-width:120rem;margin:0 auto;
    grid-auto-flow:row dense}
    .stale main{opacity:.45}
    #tiles{grid-column:1/-1;display:grid;gap:.9rem;
    grid-template-columns:repeat(auto-fit,minmax(min(46%,9.2rem),1fr))}
    .tile,.card{background:var(--card);border:1px solid var(--rule);border-radius:.5rem;
    padding:.8rem 1rem;min-width:0}
    .wide{grid-column:1/-1}
    @media(min-width:820px){.two{grid-column:span 2}}
    .tile dt{color:var(--soft);font-size:.9rem}
    .tile dd{font-size:clamp(1.5rem,2.3vw,2.6rem);font-weight:700;line-height:1.15;
    font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    .tile dd.more{font-size:.9rem;font-weight:400;color:var(--soft);line-height:1.3}
    .tile.warn{border:2px solid var(--warn)}
    .tile.warn dd:first-of-type::after{content:" !";color:var(--warn)}
    h2{font-size:1.05rem;margin-bottom:.5rem}
    h3{font-size:.95rem;margin:.9rem 0 .3rem}
    table+table,.facts+table{margin-top:.7rem}
    table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}
    caption{text-align:left;color:var(--soft);font-size:.9rem;padding-bottom:.2rem}
    th,td{text-align:right;padding:.22rem .35rem;border-top:1px solid var(--rule);
    vertical-align:top}
    thead th{border-top:0;color:var(--soft);font-weight:500}
    th:first-child,td:first-child,.l{text-align:left}
    tbody th{font-weight:600}
    .scroll{overflow-x:auto}
    .beside{display:grid;gap:.7rem 2rem}.beside>*{min-width:0}
    @media(min-width:1150px){.beside{grid-template-columns:2fr 3fr}}
    .nowrap{white-space:nowrap}
    td.l{text-align:left}
    .facts{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.15rem 1rem;
    font-size:.93rem}
    .facts dt{color:var(--soft)}
    .facts dd{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere;min-width:0}
    .facts code,td code{font-size:.92em}
    .note{color:var(--soft);font-size:.92rem;padding:.2rem 0}
    .sign-bad{color:var(--bad);font-weight:700}
    .sign-good{color:var(--good)}
    meter{width:100%;height:.8rem}
    .bars{display:grid;grid-template-columns:minmax(5rem,auto) 1fr auto;gap:.25rem .7rem;
    align-items:center;font-size:.93rem;font-variant-numeric:tabular-nums}
    .bars .name{overflow-wrap:anywhere}
    .bars svg{display:block;width:100%;height:1rem}
    .chart svg{display:block;width:100%;overflow:visible}
    .legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.88rem;list-style:none;
    margin-top:.3rem}
    .legend svg{width:2rem;height:.7rem;display:inline-block;vertical-align:middle;
    margin-right:.4rem}
    svg text{fill:var(--soft);font-size:12px;paint-order:stroke;stroke:var(--card);stroke-width:3px}
    svg .name{fill:var(--ink);font-weight:600;font-size:13px}
    svg .grid{stroke:var(--rule);stroke-width:1;fill:none}
    svg .axis{stroke:var(--soft);stroke-width:1;fill:none}
    svg .line{fill:none;stroke-width:2;stroke-linejoin:round}
    svg .shade{fill:var(--shade)}
    svg .ref{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
    svg .mark{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:2 3}
    svg .target{stroke:var(--ink);stroke-width:2}
    svg .whisker{stroke-width:2.5;fill:none}
    .s0{stroke:var(--c0)}.s1{stroke:var(--c1);stroke-dasharray:8 3}
    .s2{stroke:var(--c2);stroke-dasharray:3 3}.s3{stroke:var(--c3);stroke-dasharray:10 3 2 3}
    .s4{stroke:var(--c4);stroke-dasharray:1 3}
    .f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}
    .in{stroke:var(--c2)}.out{stroke:var(--c1)}.fin{fill:var(--c2)}.fout{fill:var(--c1)}
    .soft-fill{opacity:.55}
    footer{padding:.2rem 1.4rem 1.4rem;color:var(--soft);font-size:.92rem}
    @media(max-width:640px){header{grid-template-columns:1fr;padding:.9rem}
    .who{justify-self:start;text-align:left;font-size:1rem}main{padding:.6rem;gap:.6rem}
    .card,.tile{padding:.65rem .75rem}th,td{padding:.2rem .22rem}.hide-small{display:none}}
    @media(min-width:1900px){body{font-size:19px}}
    @media(prefers-reduced-motion:reduce){header{transition:none}}
    """#
}
