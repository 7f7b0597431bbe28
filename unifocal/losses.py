"""The canonical losses: one meaning on every backend's tensors."""

from __future__ import annotations

from .arrays import Array, Tensor
from .convention import Convention, Dtype, Reduction
from .formulas.families import binary_focal, categorical_focal, with_z_loss
from .loss import DescriptionOf, loss
from .operands import Operands
from .scalars import is_number


def _of_probabilities(epsilon: float | None, from_logits: bool) -> float | None:
    if epsilon is not None and from_logits is True:
        raise ValueError("epsilon clips probabilities and requires from_logits=False; received from_logits=True.")
    return epsilon


def _of_logits(z_loss: float, from_logits: bool) -> float:
    if from_logits is False and is_number(z_loss) and z_loss > 0:
        raise ValueError(
            f"z_loss={z_loss} squares the logarithm of Σ e^x and requires logits, from_logits=True; received from_logits=False. "
            "Of probabilities that sum is lost."
        )
    return z_loss


def _balance(alpha: float | Array | None) -> float | Array | None:
    if is_number(alpha) and alpha < 0:  # type: ignore[operator]
        raise ValueError(f"alpha must be in [0, 1]; received {alpha}. To turn it off, pass alpha=None.")
    return alpha


@loss
def sigmoid_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    alpha: float | Array | None = 0.25,
    gamma: float = 2.0,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    pos_weight: float | Array | None = None,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    r"""Binary focal loss α_t · (1 − p_t)^γ · CE, each class a yes-or-no question.

    With p = σ(x) the loss of one element is, for a label y in [0, 1],

        CE  = −y·log p − (1 − y)·log(1 − p)
        p_t = y·p + (1 − y)·(1 − p)
        α_t = y·α + (1 − y)·(1 − α)

    Parameters
    ----------
    predictions : floating tensor of any backend, any shape
        Logits x, or probabilities p if ``from_logits`` is False.
    targets : tensor of the same framework, NumPy array or list
        Of the predictions' shape: labels in [0, 1] (bool, integer, floating).  Floating ones up to 4 eps outside, of float32 or of their
        own dtype if that is coarser, are rounding errors and count as 0 or 1.  With one dimension fewer: integer class indices along
        ``axis``, of which there are at least 2; index = number of classes is background, a row without a positive.
    alpha : number in [0, 1], tensor of one number a class, or None
        α weights positives, 1 − α negatives; None is off.  A tensor of the predictions' rank that broadcasts to them is taken too.
    gamma : number ≥ 0
        The focusing exponent γ; 0 leaves (α-weighted) cross entropy.
    from_logits : bool
        Whether predictions are logits.  Logarithms of probabilities are exact: p = 0 with y = 1 gives inf.
    label_smoothing : number s in [0, 1]
        y becomes y·(1 − s) + s/2, in the cross entropy, p_t and α_t.
    pos_weight : number ≥ 0, tensor of one number a class, or None
        Multiplies the cross entropy's positive term −y·log p alone; p_t and α_t do not change.
    sample_weight : number, tensor or None
        Multiplies the unreduced loss; a boolean mask counts as 0 and 1.  Dimension i has the loss's size or 1; missing trailing
        dimensions are appended.  With class indices, a weight of the targets' shape weights whole rows.
    ignore_index : int or None
        Targets of this value count nowhere: not in the loss, the gradient or a mean, whatever the predictions hold there.  For class
        indices the whole row is ignored.
    axis : int
        The class axis, for class indices and per-class tensors.
    normalizer : number > 0, tensor or None
        Divides the unreduced loss, aligned from the right; for instance max(number of positives, 1).
    epsilon : number in [0, 0.5) or None
        Clips probabilities to [ε, 1 − ε] (``from_logits=False`` only); the derivative is that of the clipped function, 1 at the bounds.
    reduction : {"mean", "sum", "none", "weighted_mean"}
        "mean" divides the sum by the number of elements that are not ignored, "weighted_mean" by the sum of their sample weights.
        Where that is 0 the loss is 0, with zero gradient.
    dtype : None or "float32", or what a framework calls it, such as ``torch.float32``
        The dtype of the loss: the predictions', or float32, whatever they are.  A bfloat16 loss has two or three digits, too few to log,
        and in float16 a loss scale of 2¹⁶ is infinite.  Gradients have the predictions' dtype.

    Returns
    -------
    tensor of the predictions' framework, of their dtype unless ``dtype`` is another
        0-D (of NumPy a scalar), or of the predictions' shape for reduction "none".  float16 and bfloat16 are computed in float32 and
        rounded once; under automatic mixed precision (torch, Paddle) they give float32.

    Raises
    ------
    TypeError, ValueError
        Where an argument has the wrong type, shape or range; the message says what was required and what was received.
        See :func:`unifocal.value_checks` for when values are looked at.

    References
    ----------
    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> logits = np.array([[0.97, -0.91, 0.03], [-0.55, -0.43, 0.71]])
    >>> unifocal.sigmoid_focal_loss(logits, [[1, 0, 0], [0, 1, 0]], reduction="none").round(6)
    array([[0.006072, 0.020897, 0.136812],
           [0.045728, 0.085446, 0.374116]])
    """
    convention = Convention(
        binary_focal(gamma, from_logits=from_logits, epsilon=_of_probabilities(epsilon, from_logits)),
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_index=ignore_index,
        reduction=reduction,
        dtype=dtype,
    )
    return convention, Operands(
        predictions, targets, alpha=_balance(alpha), pos_weight=pos_weight, sample_weight=sample_weight, normalizer=normalizer
    )


@loss
def softmax_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    alpha: float | Array | None = None,
    gamma: float = 2.0,
    class_weight: float | Array | None = None,
    from_logits: bool = True,
    axis: int = -1,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    r"""Categorical focal loss Σ_c y_c · α_c · w_c · (1 − p_c)^γ · (−log p_c), one class of C being true.

    Parameters not listed are those of :func:`sigmoid_focal_loss`.

    Parameters
    ----------
    predictions : floating tensor of any backend, at least 1-D
        Logits x with p = softmax(x) along ``axis``, or probabilities p if ``from_logits`` is False.  Probabilities are not renormalised;
        their gradient is with respect to p, unconstrained.
    targets : tensor of the same framework, NumPy array or list
        Of the predictions' shape: labels in [0, 1], one-hot or soft; y_c = 0 contributes exactly 0.  With one dimension fewer: integer
        class indices along ``axis``, of which there are at least 2.  No one-hot labels are formed of them.
    alpha : number ≥ 0, tensor of one number a class, or None
        The paper's α_c, a factor of each class's term; it balances nothing by itself, and counts in no mean.
    class_weight : number ≥ 0, tensor of one number a class, or None
        w_c, as in :func:`cross_entropy`: also a factor, which with class indices counts in "weighted_mean".
    label_smoothing : number s in [0, 1]
        y becomes y·(1 − s) + s/C.
    ignore_index : int or None
        As above.  Requires class indices.
    reduction : {"mean", "sum", "none", "weighted_mean"}
        As above.  "weighted_mean" counts class weights as :func:`cross_entropy` does.  The unreduced loss has the predictions' shape
        without ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.softmax_focal_loss(np.array([[2.0, 0.0, -1.0]]), [0], reduction="none").round(6)
    array([0.004144])
    """
    convention = Convention(
        categorical_focal(gamma, from_logits=from_logits, epsilon=_of_probabilities(epsilon, from_logits)),
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_index=ignore_index,
        reduction=reduction,
        dtype=dtype,
    )
    weights = {"class_weight": class_weight, "sample_weight": sample_weight}
    return convention, Operands(predictions, targets, alpha=alpha, **weights, normalizer=normalizer)


@loss
def binary_cross_entropy(
    predictions: Tensor,
    targets: Array,
    *,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    pos_weight: float | Array | None = None,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Binary cross entropy −y·log p − (1 − y)·log(1 − p): :func:`sigmoid_focal_loss` with γ = 0 and α off, whose parameters these are.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> probabilities = np.array([1, 1, 1, 0], dtype=np.float32)
    >>> round(float(unifocal.binary_cross_entropy(probabilities, [0, 0, 1, 1], from_logits=False, epsilon=1e-7)), 5)
    12.00072
    """
    convention = Convention(
        binary_focal(from_logits=from_logits, epsilon=_of_probabilities(epsilon, from_logits)),
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_index=ignore_index,
        reduction=reduction,
        dtype=dtype,
    )
    return convention, Operands(predictions, targets, pos_weight=pos_weight, sample_weight=sample_weight, normalizer=normalizer)


@loss
def cross_entropy(
    predictions: Tensor,
    targets: Array,
    *,
    class_weight: float | Array | None = None,
    from_logits: bool = True,
    axis: int = -1,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    z_loss: float = 0.0,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Categorical cross entropy Σ_c y_c · w_c · (−log p_c): :func:`softmax_focal_loss` with γ = 0, whose other parameters these are.

    Parameters
    ----------
    class_weight : number ≥ 0, tensor of one number a class, or None
        w_c, a factor of each class's term.
    z_loss : number λ ≥ 0
        Adds λ·l² with l = log Σ_j e^x_j to each −log p_c (PaLM, https://arxiv.org/abs/2204.02311, where λ is 10⁻⁴), which keeps logits from
        drifting.  Of a row that is λ·l²·Σ_c y_c·w_c: what weighs its cross entropy, leaves it out or divides it does so to this too, as
        T5X's weights and OLMo-core's mask do; Liger's kernel leaves class weights out.  Requires logits; an infinite l makes it infinite.
    reduction : {"mean", "sum", "none", "weighted_mean"}
        "mean" divides by the number of targets that are not ignored, whatever their weights, as Keras's ``sum_over_batch_size`` does.
        "weighted_mean" divides by the sum of their weights: with class indices the targets' class weights times sample weights, as the
        means of PyTorch's and Paddle's ``cross_entropy(…, weight=…)`` do; with one-hot and soft labels the sample weights alone.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> probabilities = np.array([[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
    >>> unifocal.cross_entropy(probabilities, [1, 2], from_logits=False, reduction="none").round(7)
    array([0.0512933, 2.3025851])
    """
    formula = categorical_focal(from_logits=from_logits, epsilon=_of_probabilities(epsilon, from_logits))
    convention = Convention(
        with_z_loss(formula, _of_logits(z_loss, from_logits)),
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_index=ignore_index,
        reduction=reduction,
        dtype=dtype,
    )
    return convention, Operands(predictions, targets, class_weight=class_weight, sample_weight=sample_weight, normalizer=normalizer)
