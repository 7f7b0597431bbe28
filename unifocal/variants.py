"""Variants of focal loss, each one expression: of multi-label classification, of detection, of heat maps, and PolyLoss."""

from __future__ import annotations

from .arrays import Array, Tensor
from .convention import Dtype, Reduction
from .define import describe_classwise, describe_elementwise
from .formulas.asymmetric import AsymmetricFocal
from .formulas.gaussian import GaussianFocal
from .formulas.poly import PolyFocal, SoftmaxPolyFocal
from .formulas.quality import QualityFocal, Varifocal
from .loss import DescriptionOf, loss


@loss
def asymmetric_loss(
    predictions: Tensor,
    targets: Array,
    *,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    margin: float = 0.05,
    detach_modulator: bool = False,
    alpha: float | Array | None = None,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Asymmetric loss y·(1 − p)^γ₊·(−log p) + (1 − y)·p_m^γ₋·(−log(1 − p_m)) with p_m = max(p − m, 0).

    For many labels of which few are true.
    Parameters not listed are those of :func:`unifocal.sigmoid_focal_loss`.

    Parameters
    ----------
    gamma_pos, gamma_neg : number ≥ 0
        The exponents γ₊ of positives and γ₋ of negatives.
    margin : number m in [0, 1)
        By which the probability of a negative is lessened; below it a negative costs nothing.
    detach_modulator : bool
        Whether (1 − p)^γ₊ and p_m^γ₋ are held constant in the derivative.  The value is the same.
    alpha : number in [0, 1], tensor of one number a class, or None
        As in :func:`unifocal.sigmoid_focal_loss`; off unless given.

    References
    ----------
    Ridnik et al., "Asymmetric Loss For Multi-Label Classification", ICCV 2021, https://arxiv.org/abs/2009.14119

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.asymmetric_loss(np.array([2.0, -1.0, 1.0]), [1, 0, 0], reduction="none").round(6)
    array([0.126928, 0.000568, 0.24586 ])
    """
    return describe_elementwise(
        AsymmetricFocal(gamma_pos, gamma_neg, margin, detach_modulator),
        predictions,
        targets,
        alpha=alpha,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )


@loss
def quality_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    beta: float = 2.0,
    detach_modulator: bool = False,
    alpha: float | Array | None = None,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Quality focal loss |y − p|^β·(−y·log p − (1 − y)·log(1 − p)), whose labels y in [0, 1] say how good a detection is.

    Parameters not listed are those of :func:`unifocal.sigmoid_focal_loss`.

    Parameters
    ----------
    beta : number ≥ 0
        The exponent β; 0 leaves cross entropy.
    detach_modulator : bool
        Whether the factors |y − p|^β are held constant in the derivative.  The value is the same.
    alpha : number in [0, 1], tensor of one number a class, or None
        As in :func:`unifocal.sigmoid_focal_loss`; off unless given.

    References
    ----------
    Li et al., "Generalized Focal Loss", NeurIPS 2020, https://arxiv.org/abs/2006.04388

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.quality_focal_loss(np.array([2.0, -1.0]), [0.8, 0.0], reduction="none").round(6)
    array([0.00344 , 0.022658])
    """
    return describe_elementwise(
        QualityFocal(beta, detach_modulator),
        predictions,
        targets,
        alpha=alpha,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )


@loss
def varifocal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    alpha: float = 0.75,
    gamma: float = 2.0,
    detach_modulator: bool = False,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Varifocal loss: y·(−y·log p − (1 − y)·log(1 − p)) of positives, α·p^γ·(−log(1 − p)) of negatives.

    The label y of a positive is its quality, such as its IoU, in (0, 1]; of a negative it is 0.  Parameters not listed are those of
    :func:`unifocal.sigmoid_focal_loss`.

    Parameters
    ----------
    alpha : number ≥ 0
        The factor of negatives, a number; it balances no positives.
    gamma : number ≥ 0
        The exponent of negatives.
    detach_modulator : bool
        Whether the factors p^γ of negatives are held constant in the derivative.  The value is the same.

    References
    ----------
    Zhang et al., "VarifocalNet: An IoU-aware Dense Object Detector", CVPR 2021, https://arxiv.org/abs/2008.13367

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.varifocal_loss(np.array([2.0, -1.0]), [0.8, 0.0], reduction="none").round(6)
    array([0.421542, 0.016994])
    """
    return describe_elementwise(
        Varifocal(alpha, gamma, detach_modulator),
        predictions,
        targets,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )


@loss
def gaussian_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    alpha: float = 2.0,
    gamma: float = 4.0,
    detach_modulator: bool = False,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Focal loss of heat maps: (1 − p)^α·(−log p) where y = 1, (1 − y)^γ·p^α·(−log(1 − p)) elsewhere.

    Labels are 1 at the centre of an object, and fall off around it as a Gaussian.  Commonly the sum is divided by the number of objects, at
    least 1, which is ``normalizer`` with ``reduction="sum"``.  Parameters not listed are those of :func:`unifocal.sigmoid_focal_loss`.

    Parameters
    ----------
    alpha : number ≥ 0
        The exponent of the modulators, γ in other focal losses.
    gamma : number ≥ 0
        The exponent of 1 − y, β in the paper.
    detach_modulator : bool
        Whether (1 − p)^α and p^α are held constant in the derivative.  The value is the same.

    References
    ----------
    Law & Deng, "CornerNet: Detecting Objects as Paired Keypoints", ECCV 2018, https://arxiv.org/abs/1808.01244

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.gaussian_focal_loss(np.array([2.0, -1.0]), [1.0, 0.5], reduction="none").round(6)
    array([0.001804, 0.001416])
    """
    return describe_elementwise(
        GaussianFocal(alpha, gamma, detach_modulator),
        predictions,
        targets,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )


@loss
def poly_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    gamma: float = 2.0,
    poly_epsilon: float = 1.0,
    detach_modulator: bool = False,
    alpha: float | Array | None = None,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> DescriptionOf[Tensor]:
    """Poly-1 focal loss α_t·(1 − p_t)^γ·CE + ε·(1 − p_t)^(γ + 1).

    Parameters not listed are those of :func:`unifocal.sigmoid_focal_loss`.

    Parameters
    ----------
    gamma : number ≥ 0
        The focusing exponent γ; 0 is poly-1 binary cross entropy.
    poly_epsilon : number
        ε, by which the first coefficient of the loss's expansion in 1 − p_t differs from 1.
    detach_modulator : bool
        Whether the factors (1 − p_t)^γ of the cross entropy are held constant in the derivative.  The value is the same.
    alpha : number in [0, 1], tensor of one number a class, or None
        α weights positives, 1 − α negatives, in the cross entropy's term alone; off unless given.

    References
    ----------
    Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", ICLR 2022,
    https://arxiv.org/abs/2204.12511

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.poly_focal_loss(np.array([2.0, -1.0]), [1, 0], reduction="none").round(6)
    array([0.003497, 0.04211 ])
    """
    return describe_elementwise(
        PolyFocal(gamma, poly_epsilon, detach_modulator),
        predictions,
        targets,
        alpha=alpha,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )


@loss
def softmax_poly_focal_loss(
    predictions: Tensor,
    targets: Array,
    *,
    gamma: float = 2.0,
    poly_epsilon: float = 1.0,
    detach_modulator: bool = False,
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
    """Categorical poly-1 focal loss Σ_c w_c·y_c·[(1 − p_c)^γ·(−log p_c) + ε·(1 − p_c)^(γ + 1)]; γ = 0 is poly-1 cross entropy.

    Parameters not listed are those of :func:`unifocal.softmax_focal_loss`.

    Parameters
    ----------
    gamma : number ≥ 0
        The focusing exponent γ.
    poly_epsilon : number
        ε, by which the first coefficient of the loss's expansion in 1 − p_c differs from 1.
    detach_modulator : bool
        Whether the factors (1 − p_c)^γ of the cross entropy are held constant in the derivative.  The value is the same.

    References
    ----------
    Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", ICLR 2022,
    https://arxiv.org/abs/2204.12511

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> unifocal.softmax_poly_focal_loss(np.array([[2.0, 0.0, -1.0]]), [0], gamma=0.0, reduction="none").round(6)
    array([0.326051])
    """
    return describe_classwise(
        SoftmaxPolyFocal(gamma, poly_epsilon, detach_modulator),
        predictions,
        targets,
        class_weight=class_weight,
        from_logits=from_logits,
        axis=axis,
        label_smoothing=label_smoothing,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        normalizer=normalizer,
        epsilon=epsilon,
        reduction=reduction,
        dtype=dtype,
    )
