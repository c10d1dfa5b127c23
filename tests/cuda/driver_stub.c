// What cuDNN looks up in the CUDA driver while it makes a plan: a driver that loads every kernel and has no device. With
// it plans for a described device are made where there is none; nothing can run.
int cuLibraryLoadData(void** library) { return *library = library, 0; }
int cuLibraryGetKernel(void** kernel) { return *kernel = kernel, 0; }
int cuKernelGetFunction(void** function) { return *function = function, 0; }
int cuLibraryUnload(void* library) { return (void)library, 0; }
int cuKernelSetAttribute(void) { return 0; }
int cuKernelGetAttribute(void) { return 0; }
int cuFuncSetAttribute(void) { return 0; }

enum { stub_library = 34 };  // CUDA_ERROR_STUB_LIBRARY
#define ABSENT(name) \
    int name(void) { return stub_library; }
ABSENT(cuCtxGetCurrent)
ABSENT(cuCtxGetLimit)
ABSENT(cuCtxPopCurrent)
ABSENT(cuCtxPushCurrent)
ABSENT(cuDeviceGet)
ABSENT(cuDeviceGetCount)
ABSENT(cuDriverGetVersion)
ABSENT(cuGetErrorName)
ABSENT(cuGetErrorString)
ABSENT(cuLaunchCooperativeKernel)
ABSENT(cuLaunchKernel)
ABSENT(cuLaunchKernelEx)
ABSENT(cuLibraryGetModule)
ABSENT(cuLibraryLoadFromFile)
ABSENT(cuLinkAddData)
ABSENT(cuLinkComplete)
ABSENT(cuLinkCreate)
ABSENT(cuLinkDestroy)
ABSENT(cuOccupancyMaxPotentialClusterSize)
ABSENT(cuStreamGetCtx)
