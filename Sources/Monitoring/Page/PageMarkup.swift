/// The page's skeleton: every section has its place and its heading, the script fills them in.
enum PageMarkup {
  static let body = #"""
    <header id="banner" class="state-away">
      <div class="state" role="status" aria-live="polite">
        <span id="symbol" aria-hidden="true">…</span>
        <h1 id="state">WAITING</h1>
      </div>
      <div class="who">
        <p id="who">tamisd</p>
        <p id="clock">Asking the daemon for its status.</p>
      </div>
      <ul id="alarms" aria-label="Alarms"></ul>
    </header>
    <noscript><p class="note">This page needs JavaScript. The same numbers are at
      <a href="status">status</a> and <a href="metrics">metrics</a>.</p></noscript>
    <main id="main">
      <section id="tiles" aria-label="The main numbers"></section>
      <section class="card wide" aria-labelledby="h-points">
        <h2 id="h-points">Working points: realised rate against target</h2>
        <div class="beside">
          <div id="points-chart" class="chart"></div>
          <div id="points"></div>
        </div>
      </section>
      <section class="card" aria-labelledby="h-rate">
        <h2 id="h-rate">Events, last 15 minutes</h2>
        <div id="rate-chart" class="chart"></div>
      </section>
      <section class="card" aria-labelledby="h-flagged">
        <h2 id="h-flagged">Flagged events, last 15 minutes</h2>
        <div id="flagged-chart" class="chart"></div>
      </section>
      <section class="card" aria-labelledby="h-score">
        <h2 id="h-score">Scores over the calibration’s</h2>
        <div id="score-chart" class="chart"></div>
      </section>
      <section class="card" aria-labelledby="h-features">
        <h2 id="h-features">What made the last flagged events strange</h2>
        <div id="features"></div>
      </section>
      <section class="card two" aria-labelledby="h-flags">
        <h2 id="h-flags">Last flagged events</h2>
        <div id="flags" class="scroll"></div>
      </section>
      <section class="card" aria-labelledby="h-latency">
        <h2 id="h-latency">Latency, socket to decision</h2>
        <div id="latency-chart" class="chart"></div>
      </section>
      <section class="card" aria-labelledby="h-ledger">
        <h2 id="h-ledger">Ledger</h2>
        <div id="ledger"></div>
      </section>
      <section class="card" aria-labelledby="h-keeping">
        <h2 id="h-keeping">Journal, output and ring</h2>
        <div id="keeping"></div>
      </section>
      <section class="card" aria-labelledby="h-drift">
        <h2 id="h-drift">Drift</h2>
        <div id="drift"></div>
      </section>
      <section class="card" aria-labelledby="h-arms">
        <h2 id="h-arms">Model and calibration</h2>
        <div id="arms"></div>
      </section>
      <section class="card" aria-labelledby="h-around">
        <h2 id="h-around">Process and connections</h2>
        <div id="around"></div>
      </section>
    </main>
    <footer><p id="foot">The same numbers: <a href="status">status</a> (JSON),
      <a href="metrics">metrics</a> (Prometheus).</p></footer>
    """#
}
