"""Objectives and metrics of gradient boosting: what they answer, and what XGBoost, LightGBM and CatBoost train with them."""
