let metricBenchmarks: [Benchmark] = []
let audioBenchmarks: [Benchmark] = []
