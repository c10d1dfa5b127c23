#pragma once
#include <cstdint>
#include <cudnn.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace shardtype::cuda::detail {

/// Throws one line if cuDNN refused something.
inline void cudnn_check(cudnnStatus_t status, char const* what) {
    if (status == CUDNN_STATUS_SUCCESS) return;
    char text[512] = {};
    cudnnGetLastErrorString(text, sizeof text);
    for (char& c : text) c = c == '\n' ? ' ' : c;
    throw std::runtime_error(std::string("cuDNN: ") + what + ": " + cudnnGetErrorString(status) +
                             (text[0] == 0 ? "" : std::string(" (") + text + ")"));
}

/// A descriptor of cuDNN's graph interface.
class cudnn_descriptor {
  public:
    explicit cudnn_descriptor(cudnnBackendDescriptorType_t type) {
        cudnnBackendDescriptor_t made = nullptr;
        cudnn_check(cudnnBackendCreateDescriptor(type, &made), "making a descriptor");
        it_.reset(made);
    }
    void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
             void const* values) const {
        cudnn_check(cudnnBackendSetAttribute(it_.get(), name, type, count, values), "setting an attribute");
    }
    void set(cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t other) const {
        set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other);
    }
    void set(cudnnBackendAttributeName_t name, cudnn_descriptor const& other) const { set(name, other.get()); }
    void set(cudnnBackendAttributeName_t name, std::int64_t value) const { set(name, CUDNN_TYPE_INT64, 1, &value); }
    void set(cudnnBackendAttributeName_t name, bool value) const { set(name, CUDNN_TYPE_BOOLEAN, 1, &value); }
    void set(cudnnBackendAttributeName_t name, cudnnDataType_t value) const {
        set(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
    }
    void finalize(char const* what) const { cudnn_check(cudnnBackendFinalize(it_.get()), what); }
    cudnnBackendDescriptor_t get() const { return it_.get(); }

  private:
    struct destroy {
        void operator()(void* it) const { cudnnBackendDestroyDescriptor(it); }
    };
    std::unique_ptr<std::remove_pointer_t<cudnnBackendDescriptor_t>, destroy> it_;
};

/// What plans are made for: a device through its handle, or one that is only described, by cuDNN's own text of its
/// properties; with the latter plans are made without a device, but cannot run.
struct cudnn_device {
    cudnnHandle_t handle = nullptr;
    cudnn_descriptor const* described = nullptr;
};

/// Four dimensions and where they lie.
struct cudnn_layout {
    std::int64_t size[4], stride[4];
};

/// Operations over tensors, collected into an operation graph. Tensors are named by their numbers.
class cudnn_graph {
  public:
    using tensor = cudnnBackendDescriptor_t;

    /// An operand that calls bring.
    tensor operand(std::int64_t id, cudnn_layout const& layout, cudnnDataType_t type = CUDNN_DATA_BFLOAT16) {
        return make(id, layout, type, false, false);
    }
    /// A float that calls bring from host memory.
    tensor scalar(std::int64_t id) { return make(id, {{1, 1, 1, 1}, {1, 1, 1, 1}}, CUDNN_DATA_FLOAT, false, true); }
    /// What is never stored.
    tensor inner(cudnn_layout const& layout, cudnnDataType_t type = CUDNN_DATA_FLOAT) {
        return make(next_++, layout, type, true, false);
    }

    void matmul(tensor a, tensor b, tensor c) {
        auto const& how = keep(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
        how.set(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_DATA_FLOAT);
        how.finalize("a product");
        auto const& made = operation(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
        made.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, a);
        made.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, b);
        made.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, c);
        made.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
        made.finalize("a product's operands");
    }
    /// y = mode(x), mode(x, b), or x where `where` holds and b elsewhere.
    tensor pointwise(cudnnPointwiseMode_t mode, tensor x, tensor b, tensor y, tensor where = nullptr,
                     cudnnDataType_t compute = CUDNN_DATA_FLOAT, std::int64_t axis = -1) {
        auto const& how = keep(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
        how.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
        how.set(CUDNN_ATTR_POINTWISE_MATH_PREC, compute);
        if (axis >= 0) how.set(CUDNN_ATTR_POINTWISE_AXIS, axis);
        how.finalize("a pointwise operation");
        auto const& made = operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
        made.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
        made.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
        if (b != nullptr) made.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
        if (where != nullptr) made.set(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, where);
        made.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
        made.finalize("a pointwise operation's operands");
        return y;
    }
    tensor reduce(cudnnReduceTensorOp_t how_to, tensor x, tensor y) {
        auto const& how = keep(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
        how.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_DATA_FLOAT);
        how.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1, &how_to);
        how.finalize("a reduction");
        auto const& made = operation(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
        made.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x);
        made.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y);
        made.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
        made.finalize("a reduction's operands");
        return y;
    }
    /// The same numbers seen with another layout.
    tensor view(tensor x, tensor y) {
        auto const& made = operation(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
        made.set(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, x);
        made.set(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, y);
        made.finalize("a transposition");
        return y;
    }

    /// All of it, finalised; the descriptors live as long as this object.
    cudnn_descriptor const& finish(cudnn_device const& device) {
        std::vector<cudnnBackendDescriptor_t> all;
        for (auto const* one : operations_) all.push_back(one->get());
        auto const& graph = keep(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
        if (device.handle != nullptr) {
            auto handle = device.handle;
            graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
        }
        graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(all.size()),
                  all.data());
        graph.finalize("a graph of operations");
        return graph;
    }

  private:
    cudnn_descriptor const& keep(cudnnBackendDescriptorType_t type) {
        kept_.push_back(std::make_unique<cudnn_descriptor>(type));
        return *kept_.back();
    }
    cudnn_descriptor const& operation(cudnnBackendDescriptorType_t type) {
        auto const& made = keep(type);
        operations_.push_back(&made);
        return made;
    }
    tensor make(std::int64_t id, cudnn_layout const& layout, cudnnDataType_t type, bool inside, bool by_value) {
        auto const& made = keep(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
        made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
        made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
        made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
        made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, layout.size);
        made.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, layout.stride);
        if (inside) made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
        if (by_value) made.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, true);
        made.finalize("a tensor");
        return made.get();
    }

    std::vector<std::unique_ptr<cudnn_descriptor>> kept_;
    std::vector<cudnn_descriptor const*> operations_;
    std::int64_t next_ = 1000;
};

}  // namespace shardtype::cuda::detail
