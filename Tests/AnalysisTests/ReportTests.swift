import Analysis
import StrictJSON
import Testing

private let origin = ReportOrigin(program: "tamis test", created: "2026-01-01T00:00:00Z")

/// The names of elements that are opened and not closed, or closed and not opened.
private func unbalancedTags(_ html: String) -> [String] {
  let void: Set<String> = ["meta", "link", "br", "!doctype"]
  var open: [String] = []
  var faults: [String] = []
  for part in html.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
    let tag = part.prefix { $0 != ">" }
    let name = tag.drop { $0 == "/" }.prefix { !" \n/".contains($0) }.lowercased()
    if void.contains(name) || tag.hasSuffix("/") { continue }
    if !tag.hasPrefix("/") {
      open.append(name)
    } else if open.popLast() != name {
      faults.append(name)
    }
  }
  return faults + open
}

@Suite struct ReportTests {
  @Test func thePageIsWholeAndAsksForNothingElse() throws {
    let html = try SmallStudy.make().html(origin)
    #expect(unbalancedTags(html).isEmpty)
    for outside in ["http:", "https:", "<script", "src=", "@import", "url(", "<img", "<iframe"] {
      #expect(!html.contains(outside), "\(outside)")
    }
    for id in ["summary", "numbers", "roc", "scores", "levels", "features", "events", "training"] {
      #expect(html.contains("<section id=\"\(id)\">"), "\(id)")
    }
    #expect(html.contains("p &lt; 3e-7"))
    #expect(html.contains("prefers-color-scheme:dark") && html.contains("@media print"))
    #expect(!html.contains(">nan") && !html.contains(" nan") && !html.contains("NaN\""))
    #expect(!html.contains("Optional("))
  }

  @Test func namesFromOutsideAreNoMarkup() throws {
    let evil = "<b>\"x'&</b>"
    let html = try SmallStudy.make(
      modelName: evil, signal: "s\(evil)", names: ["a", "b", evil, "d", "e"]
    ).html(origin)
    #expect(!html.contains("<b>"))
    #expect(unbalancedTags(html).isEmpty)
  }

  @Test func theReportHangsOnItsInputsAlone() throws {
    let one = try SmallStudy.make()
    let other = try SmallStudy.make(workers: 3)
    let json = one.json(origin).text
    // Each study loads its model from a folder of its own.
    func withoutPath(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { !$0.contains("m.safetensors") }
    }
    #expect(withoutPath(json) == withoutPath(other.json(origin).text))
    #expect(json.contains("tamis-report/1"))
    _ = try JSONValue(parsing: json)
  }

  @Test func withoutIntervalsNothingIsJudged() throws {
    let study = try SmallStudy.make(bootstrapRepeats: 0)
    #expect(study.verdicts[0].contains("no intervals: 0 bootstrap repeats"))
    let html = study.html(origin)
    let json = study.json(origin).text
    for text in [study.verdicts.joined(), html, json] {
      for verdict in ["shown to beat", "WORSE", "beats"] { #expect(!text.contains(verdict)) }
    }
    #expect(study.verdicts.contains { $0.hasPrefix("m beside norm on s: AUROC ") })
    #expect(unbalancedTags(html).isEmpty && !html.contains("bootstrap of 0"))
    #expect(json.contains("\"beaten\": null") && !json.contains("undecided"))
    #expect(study.metrics.comparisons.allSatisfy { $0.isBeaten == nil })
  }

  @Test func anEnergyThatWasNotMeasuredSaysSo() throws {
    let study = try SmallStudy.make()
    #expect(study.html(origin).contains("estimated"))
    // 36 processor seconds at 10 W are 1e-4 kWh, 0.045 g at 450 g/kWh.
    let json = study.json(origin).text
    #expect(json.contains("\"energy_joules\": 360.0") && json.contains("\"co2_grams\": 0.045"))
  }

  @Test func aHealthyStudyHasItsNumbers() throws {
    let study = try SmallStudy.make()
    let norm = try #require(study.metrics.scores.first { $0.name == "norm" })
    // |z|^2 of a shift by 0.7 in five features: well above one half.
    #expect(norm.signals[0].auroc > 0.65)
    let mahalanobis = try #require(study.metrics.scores.first { $0.name == "mahalanobis" })
    #expect(mahalanobis.judged == 750..<1500)
    #expect(
      study.levels[0].levels.map(\.finding.weight).map { $0 == nil } == [true, false, false, false])
    #expect(study.contrasts.features.count == SmallStudy.featureCount)
    #expect(study.strangest[0].groups.map(\.events.count) == [2, 2])
  }

  /// With one prototype in the middle the distance alone is |z|^2, the score `norm`.
  @Test func theDistanceHasARowBesideTheLevels() throws {
    #expect(try SmallStudy.make().levels[0].distance == nil)
    let study = try SmallStudy.make(hasDistance: true)
    let distance = try #require(study.levels[0].distance)
    let norm = try #require(study.metrics.scores.first { $0.name == "norm" })
    #expect(distance.weight == 3)
    #expect(abs(distance.aurocs[0] - norm.signals[0].auroc) < 1e-3)
    // The median of a chi-square of five degrees of freedom is 4.35.
    #expect(abs(distance.backgroundMedian - 4.35) < 0.4)
    #expect(study.html(origin).contains(">distance</th><td></td>"))
    #expect(study.json(origin).text.contains("\"distance\": {"))
  }

  /// Each level alone, weighted, makes the score's attributions.
  @Test func levelsOfAnExplanationAddUpToIt() throws {
    let study = try SmallStudy.make()
    for group in study.strangest[0].groups {
      for event in group.events {
        for feature in event.attributions.indices {
          let sum = event.levels.reduce(0.0) { $0 + Double($1.attributions[feature]) }
          #expect(abs(sum - Double(event.attributions[feature])) <= 1e-6 * Double(event.score))
        }
        let shares = try #require(event.shares)
        #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
        #expect(
          zip(event.ranking, event.ranking.dropFirst()).allSatisfy {
            event.attributions[$0] >= event.attributions[$1]
          })
      }
    }
  }

  @Test func anSVGFileStandsAlone() throws {
    let event = try #require(try SmallStudy.make().strangest[0].groups[0].events.first)
    let svg = event.svgFile(names: ["a", "<b>", "c", "d", "e"], top: 3)
    #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(unbalancedTags(svg).isEmpty && svg.contains("<style>"))
    #expect(!svg.contains("<b>"))
  }

  @Test func agreementIsOneWhereLevelsAreAlikeAndLessWhereNot() {
    func explanation(_ second: [Float]) -> EventExplanation {
      let first: [Float] = [4, 3, 2, 1]
      return EventExplanation(
        event: 0, score: 20, attributions: zip(first, second).map(+), features: [0, 0, 0, 0],
        levels: [
          EventExplanation.Level(level: 1, sigma: 1, weight: 1, attributions: first),
          EventExplanation.Level(level: 2, sigma: 0.5, weight: 1, attributions: second),
        ])
    }
    let same = LevelAgreement(explanation([8, 6, 4, 2]), top: 2)
    #expect(same.overlapMin == 1 && same.rankCorrelationMin == 1)
    let turned = LevelAgreement(explanation([1, 2, 3, 4]), top: 2)
    #expect(turned.overlapMin == 0 && turned.rankCorrelationMin == -1)
  }
}
