"""A model as a function for PyTorch that can be differentiated twice: examples/net.adj.

    adjoin emit examples/net.adj --target python -o net.py
    PYTHONPATH=. python3 examples/python/torch_function.py examples/net

`objective(model, **tensors)` is what to copy: its backward pass is the module's gradient, and the backward pass of that
one a product with the Hessian over all unknowns and parameters. As a use of both, Newton's method finds the network's
minimum, and the implicit function theorem tells how it moves with the weights.
"""
import json
import pathlib
import sys

import numpy as np
import torch

import net  # what `adjoin emit` wrote


def arrays(names, tensors):
    return {name: tensor.detach().cpu().numpy() for name, tensor in zip(names, tensors)}


def like(tensor, array):
    return torch.from_numpy(np.asarray(array)).to(tensor)


class Objective(torch.autograd.Function):
    @staticmethod
    def forward(ctx, model, names, *tensors):
        ctx.model, ctx.names = model, names
        ctx.save_for_backward(*tensors)
        return like(tensors[0], model.value(**arrays(names, tensors)))

    @staticmethod
    def backward(ctx, weight):
        wanted = tuple(name for name, needed in zip(ctx.names, ctx.needs_input_grad[2:]) if needed)
        gradient = dict(zip(wanted, Gradient.apply(ctx.model, ctx.names, wanted, *ctx.saved_tensors)))
        return (None, None, *(weight * gradient[name] if name in gradient else None for name in ctx.names))


class Gradient(torch.autograd.Function):
    """The objective's derivatives with respect to `wanted`."""

    @staticmethod
    def forward(ctx, model, names, wanted, *tensors):
        ctx.model, ctx.names, ctx.wanted = model, names, wanted
        ctx.save_for_backward(*tensors)
        gradient, given = model.grad(**arrays(names, tensors), wrt=wanted)[1], dict(zip(names, tensors))
        return tuple(like(given[name], gradient[name]) for name in wanted)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *weights):
        read = tuple(name for name, needed in zip(ctx.names, ctx.needs_input_grad[3:]) if needed)
        products = ctx.model.hvp(**arrays(ctx.names, ctx.saved_tensors), along=arrays(ctx.wanted, weights), wrt=read)
        return (None, None, None, *(like(tensor, products[name]) if name in products else None
                                    for name, tensor in zip(ctx.names, ctx.saved_tensors)))


def objective(model, **tensors):
    """The objective of a Model at tensors, by the names of its inputs; what is bound in the Model may be left out."""
    return Objective.apply(model, tuple(tensors), *tensors.values())


def read(folder):
    made = {path.stem: torch.from_numpy(np.load(path)).double() for path in pathlib.Path(folder).glob("*.npy")}
    for path in pathlib.Path(folder).glob("*.json"):
        made[path.stem] = torch.tensor(json.loads(path.read_text()), dtype=torch.float64)
    return made


def by_torch(x, W1, b1, W2, c):
    """The same network in PyTorch's own operations."""
    return (W2 @ torch.tanh(W1 @ x + b1)).sum() + c * (x @ x)


def check_derivatives(function, x, *weights):
    inputs = [tensor.clone().requires_grad_() for tensor in (x, *weights)]
    assert torch.autograd.gradcheck(function, inputs) and torch.autograd.gradgradcheck(function, inputs)
    print("gradcheck and gradgradcheck pass for x, W1, b1 and W2")


def newton(function, x):
    for _ in range(8):
        x = x.detach().requires_grad_()
        slope, = torch.autograd.grad(function(x), x, create_graph=True)
        curvature, = torch.autograd.grad(slope, x)
        x = x - slope / curvature
    return x.detach().requires_grad_()


def sensitivities(function, x, weights):
    """dx*/dw = -(d2f/dx2)^-1 d2f/dx dw for each of the weights."""
    slope, = torch.autograd.grad(function(x, *weights), x, create_graph=True)
    curvature, *mixed = torch.autograd.grad(slope, (x, *weights))
    return [-each / curvature for each in mixed]


def main(folder):
    given = read(folder)
    c, names = given["c"], ("W1", "b1", "W2")
    weights = [given[name].requires_grad_() for name in names]
    model = net.Model(c=c.numpy())

    def function(x, W1, b1, W2):
        return objective(model, x=x, W1=W1, b1=b1, W2=W2)

    check_derivatives(function, given["x"], *weights)
    x = newton(lambda x: function(x, *weights), torch.full_like(given["x"], 4.4))
    print("the minimum is at x = {:.6f}".format(x.item()))
    found = sensitivities(function, x, weights)
    wanted = sensitivities(lambda *tensors: by_torch(*tensors, c), x, weights)
    for name, each in zip(names, found):
        print("dx*/d{} =".format(name), " ".join("{:.4f}".format(entry) for entry in each.flatten()))
    worst = max(((one - other).abs() / other.abs()).max().item() for one, other in zip(found, wanted))
    print("PyTorch's own operations give the same within {:.1e}".format(worst))
    assert worst < 1e-9, "two ways differ"
    assert abs(torch.autograd.grad(function(x, *weights), x)[0].item()) < 1e-12, "this is no minimum"


main(sys.argv[1])
