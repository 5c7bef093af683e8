/// A picture and what to see in it.
struct Figure {
  var title: String
  var picture: Picture
  var caption: String
}
