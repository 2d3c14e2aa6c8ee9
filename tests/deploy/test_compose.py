"""docker-compose.yml says what the code says: its services, commands, variables, ports, probes and databases."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from fabrique.embedded.jars import KAFKA_VERSION
from fabrique.embedded.kafka import SERVERS_VARIABLE
from fabrique.embedded.kafka_settings import broker_properties
from fabrique.embedded.postgres_wheel import MAJOR
from fabrique.stack.addresses import PORTS, SERVICES, find
from fabrique.stack.folder import StateFolder
from shared.messaging.reader import raw_broker
from tests.deploy.files import (
    NAMED,
    ROOT,
    environment,
    ours,
    port_of,
    read_yaml,
    resolved,
    run_dry,
    services,
    words,
)  # fmt: skip

GIVEN = {"INTAKE_SECRET": "i" * 40, "FUNDING_OPERATOR_KEY": "operator", "POSTGRES_PASSWORD": "sesame"}
each_service = pytest.mark.parametrize("name", SERVICES)


def settings_of(name: str) -> Any:
    """A service's settings, as its container would read them from its environment."""
    kind = importlib.import_module(f"services.{name}.app").Settings
    prefix = kind.model_config["env_prefix"]
    return kind(**{key.removeprefix(prefix).lower(): value for key, value in environment(name, GIVEN).items()})


def plain(value: object) -> object:
    """A setting's default, out of its envelope."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


async def composed(name: str) -> FastAPI:
    """A service's HTTP application, of which nothing is started."""
    app, spine = importlib.import_module(f"services.{name}.app").build(settings_of(name))
    spine.failed.cancel()
    await spine.engine.dispose()
    assert isinstance(app, FastAPI)
    return app


def probe(name: str) -> tuple[int, str]:
    """The port and the path that a service's health check asks."""
    program, option, code = services()[name]["healthcheck"]["test"][1:]
    assert (program, option) == ("python", "-c")
    (url,) = [
        node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and "://" in str(node.value)
    ]
    asked = urlsplit(str(url))
    assert asked.hostname == "127.0.0.1"
    return int(asked.port or 0), asked.path


def duration(text: str) -> float:
    """Read `30s`."""
    return float(text.removesuffix("s"))


@pytest.mark.parametrize("name", ours())
def test_every_command_is_one_of_ours(name: str) -> None:
    program, *arguments = words(ours()[name])
    if program == "fabrique":
        run_dry(arguments)
    else:
        assert (program, arguments) == ("python", ["-m", f"services.{name}"])
        assert (ROOT / "services" / name / "__main__.py").exists()


def test_every_service_and_both_jobs_are_there() -> None:
    assert {*SERVICES, "provision", "migrate", "fabrique"} == set(ours())
    assert words(ours()["provision"])[:2] == ["fabrique", "provision"]
    assert words(ours()["migrate"]) == ["fabrique", "migrate"]


@each_service
def test_every_variable_is_a_setting_of_its_service(name: str) -> None:
    kind = type(settings_of(name))
    prefix = kind.model_config["env_prefix"]
    known = {f"{prefix}{setting}".upper() for setting in kind.model_fields}
    assert set(services()[name]["environment"]) <= known


@each_service
def test_no_setting_is_left_to_a_default_that_means_this_machine_or_nothing(name: str) -> None:
    fields = type(settings_of(name)).model_fields
    defaults = {setting: str(plain(field.default)) for setting, field in fields.items()}
    useless = {
        setting for setting, value in defaults.items() if not value or "localhost" in value or "127.0.0.1" in value
    }
    assert {"database_url", "kafka_bootstrap_servers", "host"} <= useless
    assert {f"{name}_{setting}".upper() for setting in useless} <= set(services()[name]["environment"])


@each_service
def test_secrets_must_be_given_and_the_message_says_how(name: str) -> None:
    fields = type(settings_of(name)).model_fields
    secrets = {f"{name}_{setting}".upper() for setting, field in fields.items() if plain(field.default) == ""}
    for variable in secrets:
        found = NAMED.fullmatch(services()[name]["environment"][variable])
        assert found is not None
        assert (found["name"], found["kind"]) == (variable, "?")
        assert ".env.example" in found["rest"]


def test_the_example_of_the_environment_names_every_variable_and_gives_no_secret() -> None:
    example = (ROOT / ".env.example").read_text()
    used = set(NAMED.findall((ROOT / "docker-compose.yml").read_text()))
    told = dict(re.findall(r"(?m)^#?([A-Z_]+)=(.*)$", example))
    assert set(told) == {name for name, _, _ in used}
    assert {name: told[name] for name, kind, _ in used if kind == "?"} == {
        "INTAKE_SECRET": "",
        "FUNDING_OPERATOR_KEY": "",
    }
    assert {name: told[name] for name, kind, _ in used if kind == "-"} == {
        n: rest for n, kind, rest in used if kind == "-"
    }


def test_the_secrets_once_filled_in_are_no_part_of_the_project() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


@each_service
def test_one_port_is_told_to_the_service_published_and_probed(name: str) -> None:
    address, here, there = port_of(*services()[name]["ports"])
    port, _ = probe(name)
    assert {settings_of(name).port, int(here), int(there), port} == {PORTS[name]}
    assert address == "127.0.0.1"
    assert settings_of(name).host == "0.0.0.0"  # noqa: S104  inside its container; the published port is not


@each_service
async def test_the_health_check_asks_a_route_of_the_service(name: str) -> None:
    _, path = probe(name)
    assert path in {getattr(route, "path", "") for route in routes((await composed(name)).routes)}
    assert path == "/readyz"


def routes(given: list[Any]) -> Iterator[Any]:
    """All routes, those of included routers too."""
    for route in given:
        yield route
        yield from routes(getattr(getattr(route, "original_router", None), "routes", []))


@each_service
def test_a_container_is_given_ten_seconds_more_than_its_reader(name: str) -> None:
    graceful = raw_broker(["127.0.0.1:1"], client_id="house").config.graceful_timeout
    assert graceful is not None
    assert duration(services()[name]["stop_grace_period"]) == graceful + 10


@each_service
def test_a_service_starts_when_its_ground_is_prepared(name: str) -> None:
    wanted = {service: after["condition"] for service, after in services()[name]["depends_on"].items()}
    assert wanted == {
        "kafka": "service_healthy", "postgres": "service_healthy",
        "provision": "service_completed_successfully", "migrate": "service_completed_successfully",
    }  # fmt: skip
    assert all("healthcheck" in services()[service] for service, how in wanted.items() if how == "service_healthy")
    assert services()[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize(("job", "server"), [("provision", "kafka"), ("migrate", "postgres")])
def test_a_job_waits_for_its_server_and_ends(job: str, server: str) -> None:
    assert services()[job]["depends_on"] == {server: {"condition": "service_healthy"}}
    assert services()[job]["restart"].startswith("on-failure")


def test_jobs_are_told_what_they_read_and_nothing_more() -> None:
    assert environment("provision", GIVEN) == {SERVERS_VARIABLE: "kafka:9092"}
    assert environment("migrate", GIVEN) == {
        f"{name}_DATABASE_URL".upper(): settings_of(name).database_url for name in SERVICES
    }


def test_the_command_finds_the_services_their_databases_and_kafka(tmp_path: Path) -> None:
    told = environment("fabrique", GIVEN)
    found = find(StateFolder(tmp_path), told)
    assert found.servers == ["kafka:9092"]
    assert found.http == {name: f"http://{name}:{PORTS[name]}" for name in SERVICES}
    assert found.databases == {name: settings_of(name).database_url for name in SERVICES}
    own = {variable for name in SERVICES for variable in environment(name, GIVEN) if told.get(variable) is not None}
    read = {SERVERS_VARIABLE, *(f"{name}_URL".upper() for name in SERVICES)}
    assert set(told) == own | read
    assert told["INTAKE_SECRET"] == GIVEN["INTAKE_SECRET"]


@each_service
def test_each_database_is_made_on_the_server_that_the_service_is_told_of(name: str) -> None:
    url = make_url(settings_of(name).database_url)
    server = environment("postgres", GIVEN)
    made = re.findall(r"(?m)^CREATE DATABASE (\w+);$", (ROOT / "deploy/postgres/databases.sql").read_text())
    assert (url.host, url.port, url.database) == ("postgres", 5432, name)
    assert name in made
    assert (
        (url.username, url.password) == (server["POSTGRES_USER"], server["POSTGRES_PASSWORD"]) == ("fabrique", "sesame")
    )


def test_postgresql_initialises_itself_with_our_script_and_is_asked_over_tcp() -> None:
    script, _, place = services()["postgres"]["volumes"][1].rpartition(":")[0].partition(":")
    assert (ROOT / script).is_file()
    assert place.startswith("/docker-entrypoint-initdb.d/")
    assert {"--host", "127.0.0.1"} <= set(services()["postgres"]["healthcheck"]["test"])


def test_servers_have_the_versions_that_are_tried_here() -> None:
    assert services()["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert services()["postgres"]["image"] == f"postgres:{MAJOR}"


def test_kafka_is_set_as_the_embedded_broker_is() -> None:
    embedded = broker_properties("default", {})
    properties = {
        variable.removeprefix("KAFKA_").replace("_", ".").lower(): value
        for variable, value in environment("kafka", GIVEN).items()
        if variable.startswith("KAFKA_")
    }
    common = properties.keys() & embedded.keys() - {"listener.security.protocol.map"}
    assert {name: properties[name] for name in common} == {name: embedded[name] for name in common}
    assert {"auto.create.topics.enable", "offsets.topic.replication.factor", "min.insync.replicas"} <= common
    assert properties["log.dirs"] == services()["kafka"]["volumes"][0].partition(":")[2]


def test_kafka_calls_itself_what_its_clients_call_it() -> None:
    told = environment("kafka", GIVEN)
    advertised = dict(pair.split("://") for pair in told["KAFKA_ADVERTISED_LISTENERS"].split(","))
    _, here, there = port_of(*services()["kafka"]["ports"])
    assert advertised == {"PLAINTEXT": settings_of("intake").kafka_bootstrap_servers, "MACHINE": f"localhost:{here}"}
    assert here == there
    assert int(here) < 32768
    listening = dict(pair.split("://") for pair in told["KAFKA_LISTENERS"].split(","))
    assert set(listening) == {*advertised, "CONTROLLER"}
    assert {name: port for name, port in listening.items() if name in advertised} == {
        name: f":{address.rpartition(':')[2]}" for name, address in advertised.items()
    }


@pytest.mark.parametrize("name", ours())
def test_our_containers_can_write_and_become_nothing(name: str) -> None:
    service = ours()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_port_is_open_to_this_machine_only() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert len(published) == 6
    assert len({port_of(port)[1] for port in published}) == 6
    assert {port_of(port)[0] for port in published} == {"127.0.0.1"}


@pytest.mark.parametrize("name", services())
def test_no_log_fills_the_disk(name: str) -> None:
    logging = services()[name]["logging"]
    assert logging["driver"] == "json-file"
    assert set(logging["options"]) == {"max-size", "max-file"}


def test_everything_that_is_kept_is_in_a_declared_volume() -> None:
    mounted = [volume for service in services().values() for volume in service.get("volumes", [])]
    places = {volume.partition(":")[0] for volume in mounted}
    assert {place for place in places if not place.startswith("./")} == set(read_yaml("docker-compose.yml")["volumes"])
    assert all((ROOT / place).exists() for place in places if place.startswith("./"))


def test_what_must_be_given_is_not_replaced_by_anything() -> None:
    with pytest.raises(KeyError, match="INTAKE_SECRET"):
        resolved(services()["intake"]["environment"]["INTAKE_SECRET"], {})
