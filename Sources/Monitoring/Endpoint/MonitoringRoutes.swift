/// Everything that the daemon answers over HTTP.
///
/// | path | what |
/// |---|---|
/// | `/` | the page for a shift crew |
/// | `/runbook` | what each alarm means and what to do |
/// | `/status` | the status as JSON |
/// | `/metrics` | the same for Prometheus |
/// | `/healthz` | 200 while the pipeline makes progress or idles soundly, else 503 and why |
/// | `/readyz` | 200 while events that come now are decided and kept, else 503 and why |
package func monitoringRoutes(of keeper: StatusKeeper) -> [String: HTTPEndpoint.Route] {
  [
    "/": { .statusPage },
    "/runbook": { .runbookPage },
    "/status": { .json(statusDocument(of: keeper.status())) },
    "/metrics": { .metrics(metricsPage(of: keeper.status())) },
    "/healthz": { .verdict(health(of: keeper.status())) },
    "/readyz": { .verdict(readiness(of: keeper.status())) },
  ]
}
