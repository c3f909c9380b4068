"""Muon, an optimizer for matrices of weights, on Keras's public interface.

`aecore.export.script` copies everything below the imports into the programs that it writes, so this file imports
nothing but Keras and its annotations name nothing else.
"""

import keras
from keras import ops


class Muon(keras.optimizers.Optimizer):
    """Orthogonalized momentum for kernels, AdamW for biases, scales and the layer called "output".

    The momentum of a kernel is replaced by a matrix with the same singular vectors and all singular values near 1
    (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/), times 0.2 · sqrt(max(rows, columns)), which
    makes learning rates those of Adam (Liu et al. 2025, arXiv:2502.16982, equation 4). The filters of a convolution
    (height, width, in, out) count as a matrix (height · width · in, out).

    Parameters
    ----------
    learning_rate : float or schedule; `adam_lr_ratio` times as much for AdamW.
    momentum, nesterov : of the kernels.
    weight_decay, adam_weight_decay : share of a weight taken off at each step, times the learning rate; None is 0.
    adam_beta_1, adam_beta_2, epsilon : of AdamW.
    more : what every Keras optimizer takes, such as `clipnorm`.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float | None = 0.004,
        adam_lr_ratio: float = 1.0,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        **more: object,
    ) -> None:
        super().__init__(learning_rate, **more)
        self.momentum, self.nesterov, self.kernel_decay = momentum, nesterov, weight_decay
        self.adam_lr_ratio, self.adam_weight_decay = adam_lr_ratio, adam_weight_decay
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon

    def build(self, variables: list[keras.Variable]) -> None:
        """Momentum and, for AdamW, second moment of each variable, all 0."""
        if self.built:
            return
        super().build(variables)
        self.moments = {}
        for variable in variables:
            by_adam = len(variable.shape) not in (2, 4) or "output" in variable.path
            names = ("momentum", "velocity") if by_adam else ("momentum",)
            moments = [self.add_variable_from_reference(variable, name=name) for name in names]
            # TensorFlow's backend calls `update_step` with the variable inside Keras's.
            self.moments[id(variable)] = self.moments[id(variable.value)] = moments

    def update_step(self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: float) -> None:
        """Move `variable` by one step."""
        momentum, *velocity = self.moments[id(variable)]
        decay = self.adam_weight_decay if velocity else self.kernel_decay
        if decay:
            self.assign_sub(variable, variable * decay * learning_rate)
        if velocity:
            self._adam_step(gradient, variable, self.adam_lr_ratio * learning_rate, momentum, *velocity)
            return
        self.assign(momentum, self.momentum * momentum + gradient)
        ahead = gradient + self.momentum * momentum if self.nesterov else ops.convert_to_tensor(momentum)
        matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
        step = 0.2 * max(matrix.shape) ** 0.5 * orthogonalized(matrix)
        self.assign_sub(variable, learning_rate * ops.reshape(step, variable.shape))

    def _adam_step(
        self,
        gradient: keras.KerasTensor,
        variable: keras.Variable,
        learning_rate: float,
        m: keras.Variable,
        v: keras.Variable,
    ) -> None:
        """Kingma and Ba 2015, the efficient form at the end of section 2."""
        t = ops.cast(self.iterations + 1, variable.dtype)
        self.assign_add(m, (1 - self.adam_beta_1) * (gradient - m))
        self.assign_add(v, (1 - self.adam_beta_2) * (ops.square(gradient) - v))
        rate = learning_rate * ops.sqrt(1 - self.adam_beta_2**t) / (1 - self.adam_beta_1**t)
        self.assign_sub(variable, rate * m / (ops.sqrt(v) + self.epsilon))

    def get_config(self) -> dict[str, object]:
        names = ("momentum", "nesterov", "adam_lr_ratio", "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
            "weight_decay": self.kernel_decay,
        }


def orthogonalized(matrix: keras.KerasTensor) -> keras.KerasTensor:
    """`matrix` (rows, columns) with singular values between about 0.7 and 1.2, by five Newton-Schulz steps.

    A step maps a singular value s to 3.4445 s - 4.775 s³ + 2.0315 s⁵ (Jordan et al. 2024): it multiplies the matrix X
    by a I + b S + c S² with S = X'X, or S = XX' where X is wide. The factors are polynomials of the first S, so they
    commute: their product is built up on the short side and applied to X once.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = matrix / (ops.norm(matrix) + 1e-7)
    transposed = ops.transpose(matrix)
    square = transposed @ matrix if tall else matrix @ transposed
    identity = product = ops.eye(min(matrix.shape), dtype=matrix.dtype)
    for _ in range(5):
        factor = 3.4445 * identity - 4.775 * square + 2.0315 * square @ square
        product = factor @ product
        square = factor @ square @ factor
    return matrix @ product if tall else product @ matrix
