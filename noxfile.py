"""The suite with the oldest and the newest versions that pyproject.toml allows, one framework an environment.

``nox -s oldest newest`` runs all, ``nox -l`` names them, ``nox -s "newest-3.13(jax)" -- -x -k jit`` runs one and passes arguments on to
pytest.  A session whose interpreter is not installed is skipped and says so.
"""

import nox
from nox.project import load_toml

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["oldest", "newest"]
nox.options.error_on_missing_interpreters = False

PROJECT = load_toml("pyproject.toml")["project"]
PYTHONS = ["3.11", "3.12", "3.13"]
FRAMEWORKS = ["numpy", "autograd", "cubed", "dask", "jax", "mlx", "ndonnx", "paddle", "tensorflow", "torch"]

# What an environment has and its name does not say.
_VERSIONS = """
import platform
from importlib.metadata import distributions
names = {
    "array-api-compat", "autograd", "cubed", "dask", "jax", "jaxlib", "keras", "ml_dtypes", "mlx", "ndonnx", "numpy", "onnxruntime",
    "paddlepaddle", "tensorflow", "torch",
}
found = sorted(f"{d.name} {d.version}" for d in distributions() if d.name in names)
print("versions: " + ", ".join([f"python {platform.python_version()}", *found]))
"""


def floors() -> list[str]:
    """Every lower bound of pyproject.toml, as the only version allowed."""
    extras = PROJECT["optional-dependencies"].values()
    requirements = [*PROJECT["dependencies"], *(requirement for extra in extras for requirement in extra)]
    return [
        requirement.partition("[")[0] + "==" + requirement.partition(">=")[2] if "[" in requirement else requirement.replace(">=", "==")
        for requirement in requirements
        if ">=" in requirement
    ]


def run_suite(session: nox.Session, framework: str, constraints: list[str]) -> None:
    """Install the framework's extra within the constraints, and these alone, and run the suite; it skips the frameworks that are absent."""
    path = f"{session.create_tmp()}/constraints.txt"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in constraints)
    extras = "test" if framework == "numpy" else f"{framework},test"
    session.install("-e", f".[{extras}]", env={"PIP_CONSTRAINT": path})
    session.run("python", "-c", _VERSIONS)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=PYTHONS[0])
@nox.parametrize("framework", FRAMEWORKS, ids=FRAMEWORKS)
def oldest(session: nox.Session, framework: str) -> None:
    """The lower bounds themselves."""
    run_suite(session, framework, floors())


@nox.session(python=PYTHONS)
@nox.parametrize("framework", FRAMEWORKS, ids=FRAMEWORKS)
def newest(session: nox.Session, framework: str) -> None:
    """The newest releases that install."""
    run_suite(session, framework, [])
