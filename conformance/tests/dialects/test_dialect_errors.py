"""What originals reject, dialects reject, saying what was required and what was received."""

from __future__ import annotations

import re
from inspect import cleandoc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import (
    dialect_names,
    effdet,
    fastai,
    focal_loss,
    functions_of,
    fvcore,
    keras,
    keras2,
    keras_cv,
    kornia,
    mlx,
    mmdet,
    mmpretrain,
    mmseg,
    model_garden,
    monai,
    optax,
    paddle,
    paddleclas,
    paddledet,
    paddleseg,
    smp,
    tf,
    tfa,
    timm,
    torch,
    torchvision,
    transformers,
    ultralytics,
)

X, Y, INDEX = np.zeros((4, 3)), np.ones((4, 3)), np.array([0, 1, 2, 0])
IMAGE, PIXELS = np.zeros((2, 3, 2, 2)), np.zeros((2, 2, 2), np.int64)
P = np.full((4, 3), 0.25)

_ERRORS: list[tuple[type[Exception], str, Any]] = [
    (ValueError, r"Element-wise targets must have the shape .*\(4, 3\); received \(4,\)", lambda: paddle.sigmoid_focal_loss(X, INDEX)),
    (
        ValueError,
        "reduction must be one of 'none', 'sum', 'mean'; received 'avg'",
        lambda: paddle.sigmoid_focal_loss(X, Y, reduction="avg"),
    ),
    (ValueError, r"normalizer must be 0-D or 1-D; received shape \(1, 1\)", lambda: paddle.sigmoid_focal_loss(X, Y, np.ones((1, 1)))),
    (ValueError, "normalizer must be in", lambda: paddle.sigmoid_focal_loss(X, Y, np.zeros(1))),
    (ValueError, r"predictions .* must be in \[0, 1\]; received 2", lambda: paddle.binary_cross_entropy(2 * Y, Y)),
    (ValueError, "received soft_label=True with ignore_index=1", lambda: paddle.cross_entropy(X, Y / 3, soft_label=True, ignore_index=1)),
    (ValueError, r"of size 1 along axis -1 if it has it; received shape \(4, 3\)", lambda: paddle.cross_entropy(X, Y / 3)),
    (ValueError, "Class indices must be in", lambda: paddle.cross_entropy(X, INDEX + 1)),
    (ValueError, "label_smoothing must be in", lambda: paddle.cross_entropy(X, INDEX, label_smoothing=1.5)),
    (ValueError, r"input must have the shape \(N, C, ...\); received \(3,\)", lambda: paddle.nll_loss(X[0], np.array(1))),
    (ValueError, r"input must have the shape \(N, 1\); received \(4, 3\)", lambda: paddle.log_loss(P, Y)),
    (ValueError, r"epsilon must be in \[0, 1\]; received 2", lambda: paddle.label_smooth(Y, epsilon=2)),
    (ValueError, "alpha must be a number or a tensor here", lambda: paddle.sigmoid_focal_loss(X, Y, alpha=None)),  # type: ignore[arg-type]
    (ValueError, "target is another name of label: only one", lambda: paddle.cross_entropy(X, label=INDEX, target=INDEX)),  # type: ignore[call-arg]
    (ValueError, r"have the shape .*\(4, 3\); received \(4, 1\)", lambda: paddle.cross_entropy(X, INDEX[:, None], label_smoothing=0.1)),
    *(
        (ValueError, rf"weight must have one number a class, the shape \(3,\); received shape {re.escape(str(shape))}", call)
        for shape in ((), (1, 3), (4, 3), (4, 1))
        for call in (
            lambda shape=shape: torch.cross_entropy(X, INDEX, np.ones(shape)),
            lambda shape=shape: torch.cross_entropy(X, Y / 3, np.ones(shape)),
            lambda shape=shape: torch.nll_loss(X, INDEX, np.ones(shape)),
            lambda shape=shape: paddle.nll_loss(X, INDEX, np.ones(shape)),
            lambda shape=shape: paddle.cross_entropy(X, INDEX, np.ones(shape)),
        )
    ),
    (ValueError, r"weight must have one number a class", lambda: paddle.cross_entropy(X, Y / 3, np.ones((4, 3)), soft_label=True)),
    *(
        (ValueError, rf"{name} must have .* \(3,\) or \(3, 1, ...\); received shape {re.escape(str(shape))}", call)
        for shape in ((), (1, 3), (1,), (3, 3))
        for name, call in (
            ("pos_weight", lambda shape=shape: kornia.binary_focal_loss_with_logits(X, Y, pos_weight=np.ones(shape))),
            ("weight", lambda shape=shape: kornia.focal_loss(X, INDEX, 0.25, weight=np.ones(shape))),
        )
    ),
    (TypeError, "labels must be floating", lambda: paddle.label_smooth(INDEX)),
    (ValueError, "use_sigmoid must be True", lambda: paddledet.FocalLoss(use_sigmoid=False)),
    (ValueError, r"pred must be 2-D and target 1-D; received shapes \(4, 3\) and \(4, 3\)", lambda: paddledet.FocalLoss()(X, Y)),
    (ValueError, r"Class indices .* must be in \[0, 3\]; received -100", lambda: paddledet.FocalLoss()(X, INDEX * 0 - 100)),
    (ValueError, "alpha must be ≥ 0; received -1", lambda: paddledet.VarifocalLoss(alpha=-1)),
    (
        ValueError,
        r"pred must have the shape \(N, C, ...\) without use_sigmoid; received \(3,\)",
        lambda: paddledet.VarifocalLoss(False)(X[0], Y[0]),
    ),
    (ValueError, "reduction must be one of", lambda: paddledet.QualityFocalLoss(reduction="avg")),
    (ValueError, 'avg_factor can not be used with reduction="sum"', lambda: paddledet.VarifocalLoss(reduction="sum")(X, Y, avg_factor=2.0)),
    (ValueError, "normalizer must be in", lambda: paddledet.VarifocalLoss()(X, Y, avg_factor=0.0)),
    (ValueError, "target must be a pair, of class indices and scores; received ndarray", lambda: paddledet.QualityFocalLoss()(X, Y)),  # type: ignore[arg-type]
    (
        ValueError,
        r"pred must be \(N, C\), and target \(N,\) and \(N,\); received shapes \(4, 3\), \(4,\) and \(4, 3\)",
        lambda: paddledet.QualityFocalLoss()(X, (INDEX, Y)),
    ),
    (ValueError, r"targets must be in \[0, 1\]; received 2", lambda: paddledet.CTFocalLoss()(P, 2 * Y)),
    (ValueError, "alpha must be a number or a tensor here", lambda: paddledet._focal_loss(P, Y, alpha=None)),  # type: ignore[arg-type]
    (ValueError, r"label must be 0 or 1; received 0\.25", lambda: paddledet._varifocal_loss(P, Y, P)),
    (ValueError, "top_k_percent_pixels must be 1, for a mean of all", lambda: paddleseg.CrossEntropyLoss(top_k_percent_pixels=0.5)),
    (ValueError, "data_format must be one of 'NCHW', 'NHWC'", lambda: paddleseg.CrossEntropyLoss(data_format="CHW")),
    (ValueError, r"logit must have the shape \(N, C, H, W\); received \(4, 3\)", lambda: paddleseg.CrossEntropyLoss()(X, INDEX)),
    (
        ValueError,
        r"weight must have one number a class, the shape \(3,\); received shape \(2,\)",
        lambda: paddleseg.CrossEntropyLoss(weight=[1.0, 2.0], data_format="NHWC")(X, INDEX),
    ),
    (TypeError, "weight must be a tensor, 'dynamic' or None; received float", lambda: paddleseg.BCELoss(weight=2.0)),
    (ValueError, "weight must be one of 'dynamic'; received 'static'", lambda: paddleseg.BCELoss(weight="static")),
    (TypeError, "pos_weight must be a number, 'dynamic' or None; received list", lambda: paddleseg.BCELoss(pos_weight=[1.0])),  # type: ignore[arg-type]
    (ValueError, "pos_weight must be one of 'dynamic'; received 'static'", lambda: paddleseg.BCELoss(pos_weight="static")),
    (ValueError, r"logit must have the shape \(N, C, ...\); received \(3,\)", lambda: paddleseg.BCELoss()(X[0], Y[0])),
    (ValueError, r"label must have the shape of logit, \(4, 3\), where that is not", lambda: paddleseg.BCELoss()(X, INDEX)),
    (
        ValueError,
        r"logit must have the shape \(N, 2, H, W\) and label \(N, H, W\); received \(1, 3, 4, 3\) and \(1, 4, 3\)",
        lambda: paddleseg.FocalLoss()(np.zeros((1, 3, 4, 3)), np.zeros((1, 4, 3), int)),
    ),
    (ValueError, r"logit must have the shape \(N, C, H, W\) and label", lambda: paddleseg.MultiClassFocalLoss(3)(X, INDEX)),
    (ValueError, "reduction must be one of", lambda: paddleclas.CELoss(reduction="avg")),
    (
        ValueError,
        r"x must have the shape \(N, C\) where labels are smoothed; received \(1, 4, 3\)",
        lambda: paddleclas.CELoss(epsilon=0.1)(X[None], Y[None]),
    ),
    (ValueError, "reduction must be one of", lambda: paddleclas.MultiLabelAsymmetricLoss(reduction="avg")),
    (ValueError, r"margin must be in \[0, 1\)", lambda: paddleclas.MultiLabelAsymmetricLoss(clip=1.5)(X, Y)),
    (TypeError, "unexpected keyword argument 'smoothing'", lambda: keras_cv.FocalLoss(smoothing=0.1)),  # type: ignore[call-arg]
    (ValueError, "reduction must be one of None, 'none', 'sum'", lambda: keras_cv.FocalLoss(reduction="avg")),
    (ValueError, "alpha must be a number or a tensor here", lambda: keras_cv.FocalLoss(alpha=None)),  # type: ignore[arg-type]
    (ValueError, "Element-wise targets must have the shape", lambda: keras_cv.BinaryPenaltyReducedFocalCrossEntropy()(Y[:, :2], P)),
    (ValueError, "reduction must be one of 'auto', 'none'", lambda: model_garden.FocalLoss(0.25, 2.0, reduction="avg")),
    (ValueError, "Element-wise targets must have the shape", lambda: model_garden.FocalLoss(0.25, 2.0)(INDEX, X)),
    (TypeError, "from_logits must be True or False; received int", lambda: focal_loss.binary_focal_loss(Y, P, 2.0, from_logits=1)),  # type: ignore[arg-type]
    (ValueError, "pos_weight must be ≥ 0; received -1", lambda: focal_loss.BinaryFocalLoss(2.0, pos_weight=-1)),
    (ValueError, "label_smoothing must be in", lambda: focal_loss.BinaryFocalLoss(2.0, label_smoothing=1.5)),
    (ValueError, "gamma must be a finite number ≥ 0", lambda: focal_loss.binary_focal_loss(Y, P, -1.0)),
    (TypeError, "gamma must be a Python number", lambda: focal_loss.sparse_categorical_focal_loss(INDEX, P, [1.0, 2.0, 3.0])),  # type: ignore[arg-type]
    (ValueError, "Class indices must be in", lambda: focal_loss.SparseCategoricalFocalLoss(2.0)(INDEX + 1, P)),
    (ValueError, r"label_smoothing must be in \[0, 1\), below 1; received 1", lambda: mlx.cross_entropy(X, INDEX, label_smoothing=1.0)),
    (
        ValueError,
        r"weights must have the shape of the unreduced loss, \(4,\); received shape \(4, 1\)",
        lambda: mlx.cross_entropy(X, INDEX, weights=Y[:, :1]),
    ),
    (
        ValueError,
        r"weights must have the shape of the unreduced loss, \(4, 3\); received shape \(3,\)",
        lambda: mlx.binary_cross_entropy(X, Y, weights=Y[0]),
    ),
    (ValueError, "reduction must be one of", lambda: mlx.nll_loss(X, INDEX, reduction="avg")),
    (TypeError, "epsilon must be a Python number, a constant of compiled code", lambda: optax.poly_loss_cross_entropy(X, Y, epsilon=P)),  # type: ignore[arg-type]
    (TypeError, "labels must be floating, of the logits' shape", lambda: optax.poly_loss_cross_entropy(X, np.eye(4, 3, dtype=int))),
    (TypeError, "target must be floating where it has the input's shape", lambda: torch.cross_entropy(X, np.eye(4, 3, dtype=int))),
    (ValueError, "received soft labels with ignore_index=0", lambda: torch.cross_entropy(X, Y / 3, ignore_index=0)),
    (ValueError, "reduction must be one of", lambda: torch.cross_entropy(X, INDEX, reduction="batchmean")),
    (ValueError, "Class indices must be in", lambda: torch.cross_entropy(X, INDEX + 3)),
    (ValueError, r"targets must have the shape", lambda: torch.nll_loss(X, Y)),
    (ValueError, "targets must have", lambda: torch.binary_cross_entropy(P, Y[:, 0])),
    (ValueError, r"sample_weight must be .* received shape \(4,\)", lambda: torch.binary_cross_entropy(P, Y, INDEX + 1.0)),
    (ValueError, r"alpha must be in \[0, 1\], or -1 for off; received 1.5", lambda: torchvision.sigmoid_focal_loss(X, Y, alpha=1.5)),
    (ValueError, "reduction must be one of", lambda: torchvision.sigmoid_focal_loss(X, Y, reduction=None)),  # type: ignore[arg-type]
    (ValueError, r"label_smoothing must be finite", lambda: keras.binary_crossentropy(Y, P, label_smoothing=float("nan"))),
    (ValueError, "reduction must be one of None, 'none', 'sum'", lambda: keras.BinaryCrossentropy(reduction="avg")),
    (ValueError, "Element-wise targets must have the shape", lambda: keras.BinaryCrossentropy()(Y[:, 0], P)),
    (ValueError, "targets must have the shape", lambda: keras.sparse_categorical_crossentropy(Y, P)),
    (ValueError, r"sample_weight must be .* received shape \(3,\)", lambda: keras.BinaryCrossentropy()(Y, P, Y[0])),
    (ValueError, "reduction must be one of 'auto', 'none', 'sum'", lambda: keras2.BinaryCrossentropy(reduction="mean")),
    (ValueError, "labels is required; received None", lambda: tf.sigmoid_cross_entropy_with_logits(logits=X)),
    (ValueError, "Element-wise targets must have the shape", lambda: tf.softmax_cross_entropy_with_logits(INDEX, X)),
    (ValueError, "targets must have the shape", lambda: tf.sparse_softmax_cross_entropy_with_logits(Y, X)),
    (ValueError, "gamma must be a finite number", lambda: tfa.sigmoid_focal_crossentropy(Y, P, gamma=-1.0)),
    (TypeError, "must be integer", lambda: optax.softmax_cross_entropy_with_integer_labels(X, INDEX * 1.0)),
    (
        TypeError,
        "gamma must be a Python number, .* Use float\\(gamma\\), or under jax.jit static",
        lambda: optax.sigmoid_focal_loss(X, Y, gamma=Y),  # type: ignore[arg-type]
    ),
    (TypeError, "predictions must be a floating tensor", lambda: optax.sigmoid_focal_loss(X.astype(int), Y)),
    (ValueError, r"pred must have the shape \(N, C, ...\); received \(3,\)", lambda: kornia.binary_focal_loss_with_logits(X[0], Y[0])),
    (ValueError, "pred must have the shape", lambda: kornia.focal_loss(X[0], np.array(1), 0.25)),
    (ValueError, "targets must have the shape", lambda: kornia.focal_loss(X, Y, 0.25)),
    (ValueError, "use_sigmoid must be True", lambda: mmdet.FocalLoss(use_sigmoid=False)),
    (ValueError, 'avg_factor can not be used with reduction="sum"', lambda: mmdet.FocalLoss(reduction="sum")(X, INDEX, avg_factor=2)),
    (ValueError, "reduction must be one of", lambda: mmdet.FocalLoss()(X, INDEX, reduction_override="avg")),
    (ValueError, r"input must be 2-D and target 1-D; received shapes", lambda: mmdet.sigmoid_focal_loss(X, Y)),
    *(
        (TypeError, "alpha must be a Python number .below 0 is off.; received ndarray", call)
        for call in (
            lambda: fvcore.sigmoid_focal_loss(X, Y, np.array(0.25)),  # type: ignore[arg-type]
            lambda: fvcore.sigmoid_focal_loss_star(X, Y, np.array(0.25)),  # type: ignore[arg-type]
            lambda: transformers.sigmoid_focal_loss(X, Y, 1, np.array(0.25)),  # type: ignore[arg-type]
            lambda: transformers.grounding_dino_sigmoid_focal_loss(X, Y, 1, np.array(0.25)),  # type: ignore[arg-type]
        )
    ),
    (
        ValueError,
        "reduction must be one of 'none', 'sum', 'mean'; received 'avg'",
        lambda: fvcore.sigmoid_focal_loss(X, Y, reduction="avg"),
    ),
    (ValueError, "gamma divides FL. and must be above 0; received 0", lambda: fvcore.sigmoid_focal_loss_star(X, Y, gamma=0)),
    (ValueError, r"inputs must have at least 2 dimensions.*received shape \(3,\)", lambda: transformers.sigmoid_focal_loss(X[0], Y[0], 1)),
    (ValueError, "normalizer must be in", lambda: transformers.sigmoid_focal_loss(X, Y, 0)),
    (ValueError, "normalizer must be in", lambda: transformers.fixed_cross_entropy(X, INDEX, 0)),
    (
        ValueError,
        r"logits must have vocab_size=4 classes along their last axis; received shape \(4, 3\)",
        lambda: transformers.ForMaskedLMLoss(X, INDEX, 4),
    ),
    (ValueError, r"labels of tokens must have an axis of them; received shape \(\)", lambda: transformers.ForCausalLMLoss(X, 1, 3)),
    (ValueError, r"targets must have the shape", lambda: transformers.ForMaskedLMLoss(X, INDEX[:3], 3)),
    (
        ValueError,
        "logits must have config.num_labels=2 classes",
        lambda: transformers.ForTokenClassification(X, INDEX, SimpleNamespace(num_labels=2)),
    ),
    *(
        (
            ValueError,
            f"config.problem_type must be 'single_label_classification', .* received {problem!r} with config.num_labels=1",
            lambda problem=problem: transformers.ForSequenceClassificationLoss(
                Y[:, :1], X[:, :1], SimpleNamespace(num_labels=1, problem_type=problem)
            ),
        )
        for problem in ("regression", "another")
    ),
    (
        ValueError,
        r"config.problem_type must be .* received None with config.num_labels=1",
        lambda: transformers.ForSequenceClassificationLoss(Y[:, :1], X[:, :1], SimpleNamespace(num_labels=1, problem_type=None)),
    ),
    (
        ValueError,
        r"logits must have the shape \(N, C, H, W\) with the labels' H and W.* received \(1, 4, 3, 1\) with labels of shape \(1, 6, 2\)",
        lambda: transformers.ForSemanticSegmentationLoss(X.reshape(1, 4, 3, 1), np.zeros((1, 6, 2), np.int64)),
    ),
    (
        ValueError,
        "auxiliary_logits must be None: add 0.4 times the loss",
        lambda: transformers.ForSemanticSegmentationLoss(X[None, None], INDEX, auxiliary_logits=X),
    ),
    (ValueError, "x must be 2-D and target 1-D", lambda: timm.LabelSmoothingCrossEntropy()(X[None], INDEX[None])),
    (ValueError, "smoothing must be below 1; received 1.0", lambda: timm.LabelSmoothingCrossEntropy(1.0)),
    (ValueError, r"smoothing must be in \[0, 1\); received 1.0", lambda: timm.BinaryCrossEntropy(1.0)),
    (ValueError, r"smoothing must be in \[0, 1\); received -0.1", lambda: timm.PolyCrossEntropy(smoothing=-0.1)),
    (ValueError, r"target must be in \[0, 2\]; received 3", lambda: timm.BinaryCrossEntropy()(X, INDEX + 1)),
    (ValueError, r"Class indices require logits of the shape \(N, C\)", lambda: timm.BinaryCrossEntropy()(X[None], INDEX[None])),
    (ValueError, r"x must have an axis of rows; received shape \(\)", lambda: timm.BinaryCrossEntropy()(X[0, 0], 1.0)),
    (ValueError, "reduction must be one of 'none', 'sum', 'mean'", lambda: timm.BinaryCrossEntropy(reduction="batchmean")(X, Y)),
    (ValueError, "reduction must be one of 'mean', 'batchmean', 'sum'", lambda: timm.AsymmetricLossMultiLabel(reduction="avg")),
    (
        ValueError,
        r"reduction='batchmean' requires logits with an axis of rows; received shape \(\)",
        lambda: timm.AsymmetricLossMultiLabel()(X[0, 0], 1.0),
    ),
    (
        ValueError,
        "reduction must be one of 'mean', 'none'; received 'sum'",
        lambda: timm.AsymmetricLossSingleLabel(reduction="sum")(X, INDEX),
    ),
    (ValueError, "must be None in a call; received 'none'", lambda: timm.AsymmetricLossSingleLabel()(X, INDEX, "none")),
    (ValueError, r"inputs must have the shape \(N, C\) and target \(N,\)", lambda: timm.AsymmetricLossSingleLabel()(X, Y)),
    (ValueError, r"alpha must be in \[0, 1\]; received 2", lambda: timm.PolyBinaryCrossEntropy(alpha=2)),
    (ValueError, "class_counts must have one number a class; received 3", lambda: timm.DistributionBalancedLoss(3, 9)),
    (
        ValueError,
        r"class_counts must be in \[0, num_samples\].*received \[1, 10\] of 9",
        lambda: timm.DistributionBalancedLoss([1, 10], 9),
    ),
    (
        ValueError,
        r"class_counts must have one number a class; received 2 with logits of shape \(4, 3\)",
        lambda: timm.DistributionBalancedLoss([1, 2], 9)(X, Y),
    ),
    (ValueError, "scale divides the loss of negatives", lambda: timm.DistributionBalancedLoss([1, 2, 3], 9, neg_scale=-1)(X, Y)),
    (TypeError, "alpha must be a number or a list of numbers; received 'off'", lambda: ultralytics.FocalLoss(alpha="off")(X, Y)),  # type: ignore[arg-type]
    (ValueError, "Logits must have at least 2 dimensions", lambda: ultralytics.FocalLoss()(X[0], Y[0])),
    (ValueError, "Labels beside scores must be 0 or 1; received 0.5", lambda: ultralytics.VarifocalLoss()(X, Y, Y / 2)),
    (ValueError, "mode must be one of 'binary', 'multiclass', 'multilabel'; received 'softmax'", lambda: smp.FocalLoss("softmax")),
    (ValueError, "normalized must be False", lambda: smp.FocalLoss("binary", normalized=True)),
    (ValueError, "class_weights require mode 'multiclass' or 'multilabel'", lambda: smp.FocalLoss("binary", class_weights=[1.0])),
    (ValueError, "ignore_index requires mode 'binary' or 'multiclass'", lambda: smp.FocalLoss("multilabel", ignore_index=0)),
    (ValueError, "reduced_threshold divides the modulator", lambda: smp.FocalLoss("binary", reduced_threshold=0)),
    (ValueError, "gamma is required; received None", lambda: smp.FocalLoss("binary", gamma=None)(X, Y)),
    (ValueError, "reduction must be one of .*'batchwise_mean'; received 'avg'", lambda: smp.FocalLoss("binary", reduction="avg")(X, Y)),
    (
        ValueError,
        "reduction='none' requires ignore_index=None",
        lambda: smp.FocalLoss("binary", ignore_index=0, reduction="none")(X, Y),
    ),
    (ValueError, r"Element-wise targets must have the shape .*\(4, 3\); received \(3,\)", lambda: smp.FocalLoss("binary")(X, Y[0])),
    (ValueError, r"y_pred must have the shape \(N, C, ...\) with a known C", lambda: smp.FocalLoss("multilabel")(X[0], Y[0])),
    (
        ValueError,
        "class_weights require a reduction of each class to one number; received reduction='none'",
        lambda: smp.FocalLoss("multilabel", reduction="none", class_weights=[1.0, 2.0, 3.0])(X, Y),
    ),
    (ValueError, "class_weights must have one number a class", lambda: smp.FocalLoss("multilabel", class_weights=[1.0])(X, Y)),
    (ValueError, "reduction must be one of", lambda: smp.SoftBCEWithLogitsLoss(reduction="avg")(X, Y)),
    (ValueError, "reduction must be one of", lambda: smp.SoftCrossEntropyLoss("avg")(X, INDEX)),
    *(
        (error, message, call)
        for of in (mmdet, mmseg)
        for error, message, call in (
            (ValueError, "use_sigmoid and use_mask are two losses", lambda of=of: of.CrossEntropyLoss(use_sigmoid=True, use_mask=True)),
            (ValueError, "weight is required", lambda of=of: of.CrossEntropyLoss(use_mask=True)(IMAGE, IMAGE[:, 0])),
            (ValueError, "reduction must be 'mean'.*'sum'", lambda of=of: of.mask_cross_entropy(IMAGE, IMAGE[:, 0], INDEX[:2], "sum")),
            (ValueError, r"label \(N,\); received \(4, 3\) and \(4,\)", lambda of=of: of.mask_cross_entropy(X, X[:, 0], INDEX)),
            (ValueError, r"its class axis, \(2, 2, 2\)", lambda of=of: of.mask_cross_entropy(IMAGE, IMAGE, INDEX[:2])),
            (TypeError, "no option gamma", lambda of=of: of.mask_cross_entropy(IMAGE, IMAGE[:, 0], INDEX[:2], gamma=1)),
            (
                ValueError,
                'avg_factor can not be used with reduction="sum"',
                lambda of=of: of.cross_entropy(X, INDEX, reduction="sum", avg_factor=2),
            ),
            (ValueError, "reduction must be one of", lambda of=of: of.binary_cross_entropy(X, INDEX, reduction="avg")),
        )
    ),
    (ValueError, r"pred must be \(N, C\) and label \(N,\)", lambda: mmdet.binary_cross_entropy(IMAGE, PIXELS)),
    (ValueError, r"one number a row, the shape \(4,\); received \(4, 3\)", lambda: mmdet.binary_cross_entropy(X, INDEX, Y)),
    (ValueError, "target must be a pair.*; received ndarray", lambda: mmdet.quality_focal_loss(X, Y)),  # type: ignore[arg-type]
    (ValueError, r"\(N,\); received shapes \(4, 3\), \(4,\) and \(4, 3\)", lambda: mmdet.QualityFocalLoss()(X, (INDEX, Y))),
    (ValueError, r"pred must have the shape \(N, C\)", lambda: mmdet.quality_focal_loss_tensor_target(X[0], Y[0])),
    (ValueError, "use_sigmoid must be True", lambda: mmdet.QualityFocalLoss(use_sigmoid=False)),
    (ValueError, "use_sigmoid must be True", lambda: mmdet.VarifocalLoss(use_sigmoid=False)),
    (ValueError, "alpha must be ≥ 0; received -1", lambda: mmdet.VarifocalLoss(alpha=-1)),
    (ValueError, "pos_inds must be None", lambda: mmdet.GaussianFocalLoss()(P, P, INDEX, INDEX)),  # type: ignore[arg-type]
    (ValueError, r"weight must have the rank of the labels, 1; received shape \(4, 3\)", lambda: mmseg.cross_entropy(X, INDEX, Y)),
    (ValueError, r"one number a class; received shape \(4, 3\)", lambda: mmseg.cross_entropy(X, INDEX, class_weight=Y)),
    (TypeError, "must be integer; received dtype float64", lambda: mmseg.cross_entropy(X, Y / 3, class_weight=Y[0])),
    (TypeError, "not name a file", lambda: mmseg.CrossEntropyLoss(class_weight="weights.npy")),
    (ValueError, r"pred must have the shape \(N, C\) or", lambda: mmseg.binary_cross_entropy(X[0], Y[0])),
    (ValueError, r"label must have the shape of pred", lambda: mmseg.binary_cross_entropy(IMAGE[..., 0], PIXELS[..., 0])),
    (ValueError, r"weight must have the shape of the labels, \(4,\)", lambda: mmseg.binary_cross_entropy(X, INDEX, Y)),
    (ValueError, r"Class indices must be in \[0, 2\]; received 3", lambda: mmseg.binary_cross_entropy(X, INDEX + 1)),
    (ValueError, r"targets must be in \[0, 1\]; received 2", lambda: mmseg.binary_cross_entropy(X[:, :1], INDEX)),
    (TypeError, "no option gamma", lambda: mmseg.binary_cross_entropy(X, INDEX, gamma=1)),
    (TypeError, "gamma must be a float; received int", lambda: mmseg.FocalLoss(gamma=2)),
    (TypeError, "alpha must be a float or list; received tuple", lambda: mmseg.FocalLoss(alpha=(0.5,))),  # type: ignore[arg-type]
    (ValueError, "reduction must be one of", lambda: mmseg.FocalLoss(reduction="avg")),
    (ValueError, "use_sigmoid must be True", lambda: mmseg.FocalLoss(use_sigmoid=False)),
    (ValueError, r"pred must have the shape \(N, C\) or", lambda: mmseg.FocalLoss()(X[0], Y[0])),
    (ValueError, "ignore_index must be no class", lambda: mmseg.FocalLoss()(X, Y, ignore_index=1)),
    (ValueError, "one number a row, 8 in one dimension", lambda: mmseg.FocalLoss()(IMAGE, PIXELS, IMAGE)),
    (ValueError, "weight must have one number a row", lambda: mmpretrain.asymmetric_loss(X, Y, Y)),
    (ValueError, "targets must have the shape", lambda: mmpretrain.asymmetric_loss(X, INDEX)),
    (ValueError, "'mean' or 'sum' unless use_sigmoid", lambda: mmpretrain.AsymmetricLoss(use_sigmoid=False, reduction="none")(X, Y)),
    (ValueError, r"Class indices must be in \[0, 2\]; received 3", lambda: mmpretrain.AsymmetricLoss()(X, INDEX + 1)),
    (ValueError, r"pred must have the shape \(N, C\)", lambda: mmpretrain.AsymmetricLoss()(X[0], INDEX[:1])),
    (TypeError, "label_smooth_val must be a float", lambda: mmpretrain.LabelSmoothLoss(0)),
    (ValueError, r"label_smooth_val must be in \[0, 1\); received 1.0", lambda: mmpretrain.LabelSmoothLoss(1.0)),
    (ValueError, "mode must be one of", lambda: mmpretrain.LabelSmoothLoss(0.1, mode="soft")),
    (ValueError, r"with C = 5; received \(4, 3\)", lambda: mmpretrain.LabelSmoothLoss(0.1, num_classes=5)(X, INDEX)),
    (ValueError, "normalizer must be in", lambda: mmpretrain.LabelSmoothLoss(0.1)(X, INDEX, avg_factor=0)),
    (ValueError, r"input must have the shape \(B, C, ...\)", lambda: monai.FocalLoss()(X[0], Y[0])),
    (ValueError, "reduction must be one of", lambda: monai.FocalLoss(reduction="avg")),
    (ValueError, r"the rank of input, 4, and one channel", lambda: monai.FocalLoss(to_onehot_y=True)(IMAGE, PIXELS)),
    (ValueError, r"Class indices must be in \[0, 2\]; received 3", lambda: monai.FocalLoss(to_onehot_y=True)(X, INDEX[:, None] + 1)),
    (
        ValueError,
        "Class indices .*received 3",
        lambda: monai.FocalLoss(to_onehot_y=True, include_background=False)(X, INDEX[:, None] + 1),
    ),
    (ValueError, r"target must have the shape of input", lambda: monai.FocalLoss(ignore_index=1)(X, INDEX)),
    (ValueError, r"one for each class, the shape \(3,\); received shape \(2,\)", lambda: monai.FocalLoss(alpha=[0.1, 0.2])(X, Y)),
    (ValueError, r"of which there are 2; received shape \(3,\)", lambda: monai.FocalLoss(weight=[1, 2, 3], include_background=False)(X, Y)),
    (ValueError, "weight must be ≥ 0", lambda: monai.FocalLoss(weight=[1, -2, 3])(X, Y)),
    (ValueError, "label_smoothing must be ≥ 0; received -0.1", lambda: effdet.new_focal_loss(X, Y, 0.25, 2.0, 1.0, -0.1)),
    (ValueError, "alpha must be a number or a tensor here", lambda: effdet.new_focal_loss(X, Y, None, 2.0, 1.0)),  # type: ignore[arg-type]
    (ValueError, "normalizer is required", lambda: effdet.new_focal_loss(X, Y, 0.25, 2.0, None)),
    (ValueError, "reduction must be one of", lambda: fastai.FocalLoss(reduction="avg")),
]


@pytest.mark.parametrize(("error", "message", "call"), _ERRORS, ids=[f"{i}-{message[:40]}" for i, (_, message, _) in enumerate(_ERRORS)])
def test_errors(error: type[Exception], message: str, call: Any) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("size_average", [None, True, False])
@pytest.mark.parametrize("reduce", [None, True, False])
def test_deprecated_arguments_of_torch_decide(size_average: bool | None, reduce: bool | None) -> None:
    if size_average is None and reduce is None:
        assert torch.cross_entropy(X, INDEX, None, size_average, -100, reduce, "sum") == pytest.approx(4 * np.log(3))
        return
    with pytest.warns(UserWarning, match="size_average and reduce are deprecated"):
        value = torch.cross_entropy(X, INDEX, None, size_average, -100, reduce, "sum")
    expected = np.full(4, np.log(3)) if reduce is False else (4 if size_average is False else 1) * np.log(3)
    np.testing.assert_allclose(value, expected)


@pytest.mark.parametrize("name", [f"{dialect}.{name}" for dialect in dialect_names() for name in functions_of(dialect)])
def test_docstrings_name_the_original_and_where_it_is_documented(name: str) -> None:
    dialect, _, function = name.partition(".")
    mirrored = cleandoc(functions_of(dialect)[function].__doc__ or "").splitlines()[-1]
    assert mirrored.startswith("Mirrors ")
    assert any(character.isdigit() for character in mirrored.partition(",")[0])
    assert "https://" in mirrored


def test_what_one_channel_has_no_use_for_is_said() -> None:
    for options in ({"to_onehot_y": True}, {"include_background": False}):
        with pytest.warns(UserWarning, match="has no meaning for predictions of one channel"):
            monai.FocalLoss(**options)(X[:, :1], Y[:, :1])  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="A number for alpha has no meaning for a softmax without background"):
        monai.FocalLoss(include_background=False, use_softmax=True, alpha=0.5)(X, Y / 3)
