// Scores one batch over and over with OpenVINO, for tools/bench-peers.
//
//   openvino-loop GRAPH.onnx FEATURES.f32 FEATURE_COUNT PRECISION
//
// Answers every line `run BATCH SECONDS` with the events scored and the seconds taken, and
// `scores BATCH 0` with the scores of the first BATCH events. One thread, latency hint, static
// shapes; the input lies in the request's own buffer before the clock starts.

#include <openvino/openvino.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

static std::vector<float> read_floats(const char *path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> values(static_cast<size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char *>(values.data()), values.size() * sizeof(float));
  return values;
}

static ov::InferRequest request(ov::Core &core, const char *graph, size_t batch, size_t features,
                                const std::string &precision, const std::vector<float> &values) {
  auto model = core.read_model(graph);
  model->reshape(ov::PartialShape{static_cast<int64_t>(batch), static_cast<int64_t>(features)});
  auto compiled = core.compile_model(
      model, "CPU", ov::inference_num_threads(1), ov::num_streams(1),
      ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
      ov::hint::inference_precision(precision == "bf16" ? ov::element::bf16 : ov::element::f32),
      ov::hint::enable_cpu_pinning(false));
  auto made = compiled.create_infer_request();
  std::copy_n(values.begin(), batch * features, made.get_input_tensor().data<float>());
  return made;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  const auto values = read_floats(arguments[2]);
  const size_t features = std::stoul(arguments[3]);
  const std::string precision = arguments[4];
  ov::Core core;
  std::map<size_t, ov::InferRequest> requests;
  std::string command;
  size_t batch;
  double seconds;
  while (std::cin >> command >> batch >> seconds) {
    if (!requests.count(batch))
      requests[batch] = request(core, arguments[1], batch, features, precision, values);
    auto &one = requests[batch];
    if (command == "scores") {
      one.infer();
      const float *scores = one.get_output_tensor(0).data<float>();
      std::cout.precision(9);
      for (size_t i = 0; i < batch; ++i) std::cout << scores[i] << ' ';
      std::cout << std::endl;
      continue;
    }
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    size_t calls = 0;
    double taken;
    do {
      one.infer();
      ++calls;
      taken = std::chrono::duration<double>(clock::now() - start).count();
    } while (taken < seconds);
    std::cout << calls * batch << ' ' << taken << std::endl;
  }
}
