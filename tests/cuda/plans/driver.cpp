// What cuDNN looks up in the CUDA driver while it makes a plan: a driver that loads every kernel and has no device.
// With it, plans for a described device are made where there is none; nothing can run.

extern "C" {

int cuLibraryLoadData(void** library) { return *library = library, 0; }
int cuLibraryGetKernel(void** kernel) { return *kernel = kernel, 0; }
int cuKernelGetFunction(void** function) { return *function = function, 0; }
int cuLibraryUnload(void*) { return 0; }
int cuKernelSetAttribute() { return 0; }
int cuKernelGetAttribute() { return 0; }
int cuFuncSetAttribute() { return 0; }

// CUDA_ERROR_STUB_LIBRARY
int cuCtxGetCurrent() { return 34; }
int cuCtxGetLimit() { return 34; }
int cuCtxPopCurrent() { return 34; }
int cuCtxPushCurrent() { return 34; }
int cuDeviceGet() { return 34; }
int cuDeviceGetCount() { return 34; }
int cuDriverGetVersion() { return 34; }
int cuGetErrorName() { return 34; }
int cuGetErrorString() { return 34; }
int cuLaunchCooperativeKernel() { return 34; }
int cuLaunchKernel() { return 34; }
int cuLaunchKernelEx() { return 34; }
int cuLibraryGetModule() { return 34; }
int cuLibraryLoadFromFile() { return 34; }
int cuLinkAddData() { return 34; }
int cuLinkComplete() { return 34; }
int cuLinkCreate() { return 34; }
int cuLinkDestroy() { return 34; }
int cuOccupancyMaxPotentialClusterSize() { return 34; }
int cuStreamGetCtx() { return 34; }

}  // extern "C"
