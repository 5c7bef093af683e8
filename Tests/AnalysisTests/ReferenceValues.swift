// Made by tools/tests/analysis_reference.py with scikit-learn 1.9.1, SciPy 1.17.1
// and NumPy 2.4.6.
// swift-format-ignore-file

/// Scores that are a formula of integers: ((i factor + offset) mod modulus) / divisor.
struct Scrambled: Sendable {
  var count: Int
  var factor: Int
  var offset: Int
  var modulus: Int
  var divisor: Double

  var scores: [Double] { (0..<count).map { Double(($0 * factor + offset) % modulus) / divisor } }
}

/// What scikit-learn and SciPy say of two samples.
struct ReferenceMetrics: Sendable, CustomStringConvertible {
  var name: String
  var background: Scrambled
  var signal: Scrambled
  var auroc: Double
  var averagePrecision: Double
  var rates: [Double]
  var rateLows: [Double]
  var rateHighs: [Double]
  var standardError: Double?
  var kolmogorovSmirnov: Double
  var spearman: Double?

  var description: String { name }

  static let targets = ["0.5", "0.1", "0.01", "0.001", "0.0001", "1e-05"]
}

let referenceMetrics: [ReferenceMetrics] = [
  ReferenceMetrics(
    name: "separate",
    background: Scrambled(count: 50, factor: 7919, offset: 3, modulus: 1009, divisor: 1000.0),
    signal: Scrambled(count: 20, factor: 7919, offset: 3, modulus: 1009, divisor: 1.0),
    auroc: 1.0,
    averagePrecision: 1.0000000000000002,
    rates: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    rateLows: [0.8315665290169145, 0.8315665290169145, 0.8315665290169145, 0.8315665290169145, 0.8315665290169145, 0.8315665290169145],
    rateHighs: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    standardError: 0.0,
    kolmogorovSmirnov: 1.0,
    spearman: 1.0),
  ReferenceMetrics(
    name: "overlapping",
    background: Scrambled(count: 997, factor: 7919, offset: 13, modulus: 10007, divisor: 100.0),
    signal: Scrambled(count: 311, factor: 10453, offset: 7000, modulus: 12007, divisor: 100.0),
    auroc: 0.5832239483724486,
    averagePrecision: 0.4253647297663707,
    rates: [0.5852090032154341, 0.24758842443729903, 0.17684887459807075, 0.1639871382636656, 0.1639871382636656, 0.1639871382636656],
    rateLows: [0.5282490288636073, 0.20061883162295427, 0.13609395429014717, 0.12460298890437892, 0.12460298890437892, 0.12460298890437892],
    rateHighs: [0.6405299294388896, 0.2994379899917839, 0.22388461602170742, 0.2099111151582245, 0.2099111151582245, 0.2099111151582245],
    standardError: 0.019816734561901275,
    kolmogorovSmirnov: 0.16782179335433955,
    spearman: 0.001192423384104745),
  ReferenceMetrics(
    name: "many ties",
    background: Scrambled(count: 997, factor: 7919, offset: 13, modulus: 11, divisor: 1.0),
    signal: Scrambled(count: 311, factor: 10453, offset: 5, modulus: 13, divisor: 1.0),
    auroc: 0.5773074851564339,
    averagePrecision: 0.39511205925260057,
    rates: [0.5401929260450161, 0.2315112540192926, 0.15434083601286175, 0.15434083601286175, 0.15434083601286175, 0.15434083601286175],
    rateLows: [0.48303812239407823, 0.18578056349236455, 0.11604366664157528, 0.11604366664157528, 0.11604366664157528, 0.11604366664157528],
    rateHighs: [0.596574912334352, 0.2824376504766635, 0.19937337874935868, 0.19937337874935868, 0.19937337874935868, 0.19937337874935868],
    standardError: 0.019747899314981048,
    kolmogorovSmirnov: 0.15434083601286175,
    spearman: 0.04187995949549998),
  ReferenceMetrics(
    name: "large",
    background: Scrambled(count: 20000, factor: 7919, offset: 13, modulus: 10007, divisor: 100.0),
    signal: Scrambled(count: 3000, factor: 10453, offset: 7000, modulus: 12007, divisor: 100.0),
    auroc: 0.5832902916666667,
    averagePrecision: 0.32199412828338453,
    rates: [0.5836666666666667, 0.24966666666666668, 0.175, 0.167, 0.16633333333333333, 0.16633333333333333],
    rateLows: [0.5657858072492977, 0.2342621297192237, 0.1615585926008785, 0.15381645129473373, 0.15317176237381766, 0.15317176237381766],
    rateHighs: [0.6013841525754513, 0.2655608534590264, 0.18907833283099845, 0.1808363452625058, 0.1801490245746033, 0.1801490245746033],
    standardError: 0.00613231933134086,
    kolmogorovSmirnov: 0.16636666666666666,
    spearman: -0.0030073554452617157),
  ReferenceMetrics(
    name: "one signal event",
    background: Scrambled(count: 100, factor: 7919, offset: 13, modulus: 10007, divisor: 100.0),
    signal: Scrambled(count: 1, factor: 10453, offset: 9000, modulus: 12007, divisor: 100.0),
    auroc: 0.895,
    averagePrecision: 0.08333333333333333,
    rates: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateLows: [0.025000000000000022, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateHighs: [1.0, 0.975, 0.975, 0.975, 0.975, 0.975],
    standardError: nil,
    kolmogorovSmirnov: 0.89,
    spearman: nil),
  ReferenceMetrics(
    name: "one of each",
    background: Scrambled(count: 1, factor: 1, offset: 3, modulus: 7, divisor: 1.0),
    signal: Scrambled(count: 1, factor: 1, offset: 3, modulus: 7, divisor: 1.0),
    auroc: 0.5,
    averagePrecision: 0.5,
    rates: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateLows: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateHighs: [0.975, 0.975, 0.975, 0.975, 0.975, 0.975],
    standardError: nil,
    kolmogorovSmirnov: 0.0,
    spearman: nil),
  ReferenceMetrics(
    name: "all equal",
    background: Scrambled(count: 40, factor: 1, offset: 0, modulus: 1, divisor: 1.0),
    signal: Scrambled(count: 30, factor: 1, offset: 0, modulus: 1, divisor: 1.0),
    auroc: 0.5,
    averagePrecision: 0.42857142857142855,
    rates: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateLows: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateHighs: [0.11570330822202743, 0.11570330822202743, 0.11570330822202743, 0.11570330822202743, 0.11570330822202743, 0.11570330822202743],
    standardError: 0.0,
    kolmogorovSmirnov: 0.0,
    spearman: nil),
  ReferenceMetrics(
    name: "worse than chance",
    background: Scrambled(count: 500, factor: 7919, offset: 13, modulus: 10007, divisor: 10.0),
    signal: Scrambled(count: 400, factor: 10453, offset: 700, modulus: 8009, divisor: 100.0),
    auroc: 0.040512500000000014,
    averagePrecision: 0.271903826294804,
    rates: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateLows: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    rateHighs: [0.009179804583673406, 0.009179804583673406, 0.009179804583673406, 0.009179804583673406, 0.009179804583673406, 0.009179804583673406],
    standardError: 0.007281456698331578,
    kolmogorovSmirnov: 0.92,
    spearman: 0.016858605366283537),
]

/// Eigenvalues; and of the first five events Mahalanobis's squared distance, the squared PCA
/// residual beyond two components, and the squared norm.
let referenceShape: [[Double]] = [
    [0.9139224491685753, 0.7419983161209818, 0.3009718620118077, 0.18548536817753047, 0.06278237867372845, 0.044039440071213305],
    [32.272934833611615, 3.917075002069362, 4.123625806194199, 5.795345458886317, 5.66874810101241],
    [2.0119278578575006, 0.8628744176707843, 0.2169261210771931, 0.4902054246943955, 0.3359650226865966],
    [2.4513628393558182, 1.6020984428057785, 2.773852713681116, 2.5190377238755213, 3.552252584730219],
]
