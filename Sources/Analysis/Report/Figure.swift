internal import NumberText

/// A picture and what to see in it.
struct Figure {
  var title: String
  var picture: Picture
  var caption: String
}

extension Study {
  /// The strangest events of each sample, model by model.
  func strangestFigures(of group: StrangestEvents.Group, sample: Int) -> [Figure] {
    zip(group.events, group.agreements).map { event, agreement in
      Figure(
        title: "\(group.sample), event \(event.event)",
        picture: event.barChart(
          names: inputs.featureNames, top: StrangestEvents.featureMax,
          colour: sample == 0 ? "c7" : "c\((sample - 1) % MarkStyle.colourCount)"
        ).picture(label: "attributions of event \(event.event) of \(group.sample)"),
        caption: "Score \(decimal(Double(event.score), digits: 4)). \(agreement.sentence)")
    }
  }
}
