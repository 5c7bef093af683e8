private func corruption(
  _ key: String, _ text: String, at place: String = "", found: String, expected: String,
  remedy: String? = nil
) -> Corruption {
  Corruption(
    name: "\(key) = \(text)", place: "metadata \(key)\(place)", found: found,
    expected: expected, remedy: remedy
  ) { $0.metadata = [(key, text)] }
}

let metadataCorruptions: [Corruption] = [
  corruption(
    "format", "tamis-model/3", found: "\"tamis-model/3\"",
    expected: "\"tamis-model/1\" or \"tamis-model/2\"",
    remedy: "use the program version that wrote it, or remove the key from a foreign model"),
  corruption(
    "scoring", "{", at: ", line 1, column 2", found: "the end of the file",
    expected: "a name in quotes", remedy: "the value must be JSON; correct or remove the key"),
  corruption(
    "scoring", "{}", found: "no key \"levels\"", expected: "the key \"levels\""),
  corruption(
    "scoring", "{\"levels\": []}", at: ".levels", found: "no levels",
    expected: "at least one level"),
  corruption(
    "scoring", "{\"levels\": [1, 5]}", at: ".levels[1]", found: "5",
    expected: "an integer from 0 to 4"),
  corruption(
    "scoring", "{\"levels\": [1, 2.0]}", at: ".levels[1]", found: "2.0",
    expected: "an integer from 0 to 4"),
  corruption(
    "scoring", "{\"levels\": [1, 2, 1]}", at: ".levels[2]", found: "1",
    expected: "each level once"),
  corruption(
    "scoring", "{\"levels\": [1], \"weights\": [0.5, 0.5]}", at: ".weights", found: "2 weights",
    expected: "1 weight, one a level"),
  corruption(
    "scoring", "{\"levels\": [1, 2], \"weights\": [1, -0.5]}", at: ".weights[1]", found: "-0.5",
    expected: "a weight of at least 0"),
  corruption(
    "scoring", "{\"levels\": [1], \"weights\": [1e39]}", at: ".weights[0]", found: "1e39",
    expected: "a number within the range of Float"),
  corruption(
    "scoring", "{\"levels\": [1], \"weights\": [0]}", at: ".weights",
    found: "weights of 0 alone", expected: "at least one above 0"),
  corruption(
    "scoring", "{\"levels\": [1], \"output\": \"noises\"}", at: ".output",
    found: "the string \"noises\"", expected: "\"score\" or \"noise\""),
  corruption(
    "feature_names", "[\"a\", \"b\"]", found: "2 names", expected: "3 names, one a feature"),
  corruption(
    "feature_names", "[\"a\", \"b\", 3]", at: "[2]", found: "3", expected: "a string"),
  corruption(
    "feature_names", "[\"a\", \"b\\nc\", \"d\"]", at: "[1]", found: "the string \"b\nc\"",
    expected: "a name without a newline"),
  corruption(
    "training", "[]", found: "an array", expected: "an object"),
]
