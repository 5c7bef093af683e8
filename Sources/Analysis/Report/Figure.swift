/// A picture and what to see in it.
struct Figure {
  var title: String
  var svg: String
  var caption: String
}
