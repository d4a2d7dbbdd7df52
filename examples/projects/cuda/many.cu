// Value and gradient of one model for many parameter vectors at once, one per GPU thread.
//
// many.h is made with --batch rate: entry k of a thread's parameters, gradient and workspace is at [k*batch] of its own
// column, so that neighbouring threads touch neighbouring numbers. one.h is the same model without a batch; what the two
// give must agree. Compiled by nvcc it runs on the GPU where there is one, and on the host; as C++ on the host alone.
#define MANY_IMPLEMENTATION
#include "many.h"
#define ONE_IMPLEMENTATION
#include "one.h"

#include <cmath>
#include <cstdio>
#include <vector>

// Reaction rates of an enzyme in cells not treated with puromycin (M. A. Treloar, 1974).
static const double concentration[] = {0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10};
static const double velocity[] = {67, 51, 84, 86, 98, 115, 131, 124, 144, 158, 160};
enum { measurements = sizeof velocity / sizeof velocity[0], side = 64, threads = side * side };

// All columns; pointers to host or device memory.
struct problem {
  many_dims dims;
  const double *rate, *k, *x, *y; // rate[2][batch]
  double *f, *gradient, *work;    // f[batch], gradient[2][batch], work[size][batch]
  int *status;                    // status[batch]
};

// One thread's part: everything that is its own begins at its column.
MANY_FUNCTION static void evaluate(const problem &of, ptrdiff_t thread) {
  many_inputs inputs = {};
  inputs.rate = of.rate + thread;
  inputs.k = of.k;
  inputs.x = of.x;
  inputs.y = of.y;
  many_gradient gradient = {};
  gradient.rate = of.gradient + thread;
  of.status[thread] = many_grad(&of.dims, &inputs, of.f + thread, &gradient, of.work + thread);
}

struct answers {
  std::vector<double> f, gradient;
};

static problem shape(ptrdiff_t batch) {
  problem made = {};
  made.dims.n = measurements;
  made.dims.batch = batch;
  return made;
}

static bool on_host(const std::vector<double> &rate, double k, answers &into) {
  problem all = shape(threads);
  std::vector<double> work(many_workspace(&all.dims) * threads + 1);
  std::vector<int> status(threads);
  into.f.assign(threads, 0);
  into.gradient.assign(2 * threads, 0);
  all.rate = rate.data(), all.k = &k, all.x = concentration, all.y = velocity;
  all.f = into.f.data(), all.gradient = into.gradient.data(), all.work = work.data(), all.status = status.data();
  for (ptrdiff_t thread = 0; thread < threads; thread++) evaluate(all, thread);
  for (int each : status)
    if (each) std::printf("%s\n", many_status(each));
  for (int each : status)
    if (each) return false;
  return true;
}

#ifdef __CUDACC__
__global__ void evaluate_all(problem of) {
  ptrdiff_t thread = (ptrdiff_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (thread < of.dims.batch) evaluate(of, thread);
}

static void *device(std::vector<void *> &owned, const void *from, size_t size) {
  void *made = nullptr;
  if (cudaMalloc(&made, size + 1) != cudaSuccess) return nullptr;
  owned.push_back(made);
  if (from) cudaMemcpy(made, from, size, cudaMemcpyHostToDevice);
  return made;
}

static bool run_on_device(const problem &all, answers &into, std::vector<int> &status) {
  evaluate_all<<<(threads + 127) / 128, 128>>>(all);
  bool good = cudaDeviceSynchronize() == cudaSuccess;
  into.f.assign(threads, 0);
  into.gradient.assign(2 * threads, 0);
  size_t size = threads * sizeof(double);
  good = good && cudaMemcpy(into.f.data(), all.f, size, cudaMemcpyDeviceToHost) == cudaSuccess;
  good = good && cudaMemcpy(into.gradient.data(), all.gradient, 2 * size, cudaMemcpyDeviceToHost) == cudaSuccess;
  return good && cudaMemcpy(status.data(), all.status, threads * sizeof(int), cudaMemcpyDeviceToHost) == cudaSuccess;
}

// 1: done; 0: no device; -1: it failed.
static int on_device(const std::vector<double> &rate, double k, answers &into) {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || !count) return 0;
  std::vector<void *> owned;
  problem all = shape(threads);
  size_t column = threads * sizeof(double);
  all.rate = (const double *)device(owned, rate.data(), 2 * column);
  all.k = (const double *)device(owned, &k, sizeof k);
  all.x = (const double *)device(owned, concentration, sizeof concentration);
  all.y = (const double *)device(owned, velocity, sizeof velocity);
  all.f = (double *)device(owned, nullptr, column);
  all.gradient = (double *)device(owned, nullptr, 2 * column);
  all.work = (double *)device(owned, nullptr, many_workspace(&all.dims) * column);
  all.status = (int *)device(owned, nullptr, threads * sizeof(int));
  std::vector<int> status(threads);
  bool good = owned.size() == 8 && run_on_device(all, into, status);
  if (!good) std::printf("device: %s\n", cudaGetErrorString(cudaGetLastError()));
  for (int each : status) good = good && !each;
  for (void *each : owned) cudaFree(each);
  return good ? 1 : -1;
}
#else
static int on_device(const std::vector<double> &, double, answers &) {
  return 0;
}
#endif

// The same without a batch, one vector after the other.
static bool one_by_one(const std::vector<double> &rate, double k, answers &into) {
  one_dims dims = {};
  dims.n = measurements;
  std::vector<double> work(one_workspace(&dims) + 1);
  into.f.assign(threads, 0);
  into.gradient.assign(2 * threads, 0);
  for (int thread = 0; thread < threads; thread++) {
    double own[2] = {rate[thread], rate[threads + thread]}, g[2];
    one_inputs inputs = {};
    inputs.rate = own, inputs.k = &k, inputs.x = concentration, inputs.y = velocity;
    one_gradient gradient = {};
    gradient.rate = g;
    if (one_grad(&dims, &inputs, &into.f[thread], &gradient, work.data())) return false;
    into.gradient[thread] = g[0];
    into.gradient[threads + thread] = g[1];
  }
  return true;
}

// The largest difference, relative to the size of the numbers compared.
static double difference(const answers &a, const answers &b) {
  double largest = 0;
  for (int k = 0; k < threads; k++) largest = std::fmax(largest, std::fabs(a.f[k] - b.f[k]) / (1 + std::fabs(b.f[k])));
  for (int k = 0; k < 2 * threads; k++)
    largest = std::fmax(largest, std::fabs(a.gradient[k] - b.gradient[k]) / (1 + std::fabs(b.gradient[k])));
  return largest;
}

int main() {
  const double k = 20;
  std::vector<double> rate(2 * threads);
  for (int thread = 0; thread < threads; thread++) {
    rate[thread] = 100 + 2.0 * (thread % side);
    rate[threads + thread] = 0.5 + 0.5 * (thread / side);
  }
  answers one, host, device;
  if (!one_by_one(rate, k, one) || !on_host(rate, k, host)) return 1;
  int best = 0;
  for (int thread = 1; thread < threads; thread++)
    if (host.f[thread] < host.f[best]) best = thread;
  std::printf("%d fits of %d measurements; the best: rate = %g, %g, loss %.6f, gradient %.6f, %.6f\n", (int)threads,
              (int)measurements, rate[best], rate[threads + best], host.f[best], host.gradient[best],
              host.gradient[threads + best]);
  double wrong = difference(host, one);
  std::printf("host, side by side against one by one: %.1e\n", wrong);
  int ran = on_device(rate, k, device);
  if (ran > 0) {
    double far = difference(device, one);
    std::printf("device against host: %.1e\n", far);
    wrong = std::fmax(wrong, far);
  } else
    std::printf(ran ? "device: failed\n" : "device: none here; its part is compiled only\n");
  return ran < 0 || !(wrong < 1e-13);
}
