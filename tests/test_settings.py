"""Where settings come from, which source wins, and what a bad value is answered with."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import policy
from headroom.errors import SettingError
from headroom.settings import CONFIG, SETTINGS, Setting, Settings, load, set_home
from headroom.settings import home as own_home

GOOD: dict[str, tuple[str, str, str]] = {
    "level": ("meter", "lossless", "aggressive"),
    "store_cap": ("10M", "20M", "30M"),
    "holdout": ("0.1", "0.2", "0.3"),
    "vocabulary": ("one", "two", "three"),
}
"""Three values of each setting but `home`, for the settings file, the environment and the flag."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in GOOD["vocabulary"]:
        (tmp_path / name).mkdir()
    return tmp_path


def written(home: Path, text: str) -> dict[str, str]:
    """Writes the settings file, and returns the environment that finds it."""
    (home / CONFIG).write_text(text, encoding="utf-8")
    return {"HEADROOM_HOME": str(home)}


def others() -> list[Setting]:
    """Those that may stand in the environment and in the settings file."""
    return [setting for setting in SETTINGS if setting.key and setting.env]


def test_the_table_and_the_values_have_the_same_names() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]


def test_every_row_has_its_own_variable_flag_and_key() -> None:
    for column in ("name", "env", "flag", "key"):
        values = [getattr(setting, column) for setting in SETTINGS if getattr(setting, column)]
        assert len(values) == len(set(values)), column
    assert all(setting.env in (None, f"HEADROOM_{setting.name.upper()}") for setting in SETTINGS)
    assert all(setting.help.endswith(".") and setting.help.isascii() for setting in SETTINGS)


def test_defaults_are_in_force_where_nothing_is_set(home: Path) -> None:
    assert load({"HEADROOM_HOME": str(home)}) == Settings(
        home=home, level=policy.DEFAULT_LEVEL, store_cap=1024**3, vocabulary=None
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names the Linux data directory")
def test_home_is_the_platforms_data_directory_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load({}).home == tmp_path / "headroom"
    assert load({"HEADROOM_HOME": ""}).home == tmp_path / "headroom"
    assert not (tmp_path / "headroom").exists()


def test_without_an_argument_the_environment_of_the_process_is_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_HOME", str(home))
    monkeypatch.setenv("HEADROOM_LEVEL", "meter")
    assert (load().home, load().level) == (home, "meter")


@pytest.mark.parametrize("setting", others(), ids=lambda setting: setting.name)
def test_flag_goes_before_environment_before_file_before_default(
    setting: Setting, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    in_file, in_env, in_flag = GOOD[setting.name]
    expected = {value: setting.type.read(value, home) for value in GOOD[setting.name]}
    environ = written(home, f'{setting.key} = "{in_file}"')

    def value(environ: dict[str, str], override: str | None = None) -> object:
        return getattr(load(environ, overrides={setting.name: override}), setting.name)

    assert value({"HEADROOM_HOME": str(home / "elsewhere")}) == getattr(load({"HEADROOM_HOME": "x"}), setting.name)
    assert value(environ) == expected[in_file]
    variable = str(setting.env)
    assert value(environ | {variable: ""}) == expected[in_file]
    assert value(environ | {variable: in_env}) == expected[in_env]
    assert value(environ | {variable: in_env}, in_flag) == expected[in_flag]


def test_home_as_override_goes_before_the_environment_and_brings_its_own_file(home: Path) -> None:
    other = home / "other"
    other.mkdir()
    written(other, 'level = "meter"')
    conf = load(written(home, 'level = "lossless"'), overrides={"home": other})
    assert (conf.home, conf.level) == (other, "meter")


def test_relative_paths_start_where_they_were_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = home / "two"
    (here / "vocab").mkdir()
    (home / "vocab").mkdir()
    monkeypatch.chdir(here)
    assert load(written(home, 'vocabulary = "vocab"')).vocabulary == home / "vocab"
    assert load({"HEADROOM_HOME": str(home), "HEADROOM_VOCABULARY": "vocab"}).vocabulary == here / "vocab"
    assert load({"HEADROOM_HOME": "own"}).home == here / "own"


@pytest.mark.skipif(os.name == "nt", reason="a home folder is named by HOME on POSIX")
def test_a_tilde_is_the_users_own_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    assert load({"HEADROOM_HOME": "~/data"}).home == home / "data"


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("1", 1),
        ("500", 500),
        ("2k", 2048),
        ("2KB", 2048),
        ("1.5K", 1536),
        ("10 M", 10 * 1024**2),
        ("1G", 1024**3),
        ("1gib", 1024**3),
        ("2T", 2 * 1024**4),
        ("7B", 7),
    ],
)
def test_a_size_is_bytes_with_a_suffix(value: str, size: int, home: Path) -> None:
    assert load({"HEADROOM_HOME": str(home), "HEADROOM_STORE_CAP": value}).store_cap == size


def test_a_size_in_the_settings_file_may_be_a_number(home: Path) -> None:
    assert load(written(home, "store_cap = 4096")).store_cap == 4096


@pytest.mark.parametrize("value", ["lots", "-1", "0", "0.2", "1X", "1e9", "M", "1 000", "٣", "9" * 400, "1GG", "nan"])
def test_what_is_no_size_is_refused(value: str, home: Path) -> None:
    with pytest.raises(SettingError, match=r"^HEADROOM_STORE_CAP is '.*; use a number of bytes above 0"):
        load({"HEADROOM_HOME": str(home), "HEADROOM_STORE_CAP": value})


@pytest.mark.parametrize("value", ["true", "1.5", "[1]", "-3", "1979-05-27"])
def test_a_toml_value_of_another_type_is_refused_with_its_line(value: str, home: Path) -> None:
    environ = written(home, f'# sizes\nlevel = "meter"\nstore_cap = {value}\n')
    with pytest.raises(SettingError, match=r"config\.toml:3: store_cap is .*; use a number of bytes"):
        load(environ)


@pytest.mark.parametrize("value", ["max", "Balanced", " meter", "0"])
def test_a_level_that_is_no_level_is_refused_by_each_source_under_its_own_name(value: str, home: Path) -> None:
    allowed = "use one of: meter, lossless, balanced, aggressive"
    environ = {"HEADROOM_HOME": str(home)}
    with pytest.raises(SettingError) as from_env:
        load(environ | {"HEADROOM_LEVEL": value})
    assert str(from_env.value) == f"HEADROOM_LEVEL is {value!r}; {allowed}"
    with pytest.raises(SettingError) as from_flag:
        load(environ, overrides={"level": value})
    assert str(from_flag.value) == f"--level is {value!r}; {allowed}"
    with pytest.raises(SettingError) as from_file:
        load(written(home, f'\nlevel = "{value}"'))
    assert str(from_file.value) == f"{home / CONFIG}:2: level is {value!r}; {allowed}"


def test_a_bad_value_is_refused_only_where_it_is_in_force(home: Path) -> None:
    assert load({"HEADROOM_HOME": str(home), "HEADROOM_LEVEL": "max"}, overrides={"level": "meter"}).level == "meter"


def test_a_folder_that_is_a_file_is_refused(home: Path) -> None:
    file = home / "file"
    file.write_text("")
    with pytest.raises(SettingError, match=r"HEADROOM_HOME is .*name a folder"):
        load({"HEADROOM_HOME": str(file)})
    for value in (str(file), str(home / "missing"), "\0", "~nobody-of-this-name/x", "x" * 5000):
        with pytest.raises(SettingError, match=r"HEADROOM_VOCABULARY is .*\.tiktoken files"):
            load({"HEADROOM_HOME": str(home), "HEADROOM_VOCABULARY": value})


@pytest.mark.parametrize(
    ("text", "line", "nearest"),
    [
        ('levle = "meter"', 1, "level"),
        ('level = "meter"\n\n"store-cap" = 3', 3, "store_cap"),
        ("# level\n[vocabularies]\nx = 1", 2, "vocabulary"),
        ("lev.el = 1", 1, "level"),
    ],
)
def test_a_key_that_is_no_setting_is_refused_with_its_line_and_the_nearest_one(
    text: str, line: int, nearest: str, home: Path
) -> None:
    with pytest.raises(SettingError) as caught:
        load(written(home, text))
    message = str(caught.value)
    assert message.startswith(f"{home / CONFIG}:{line}: there is no setting ")
    assert f"did you mean {nearest}?" in message
    assert "Known are: level, store_cap, vocabulary" in message


def test_home_in_the_file_that_lies_in_it_is_refused(home: Path) -> None:
    with pytest.raises(SettingError, match=r"config\.toml:1: home cannot be set in this file; set HEADROOM_HOME"):
        load(written(home, 'home = "/elsewhere"'))


@pytest.mark.parametrize(
    "data", [b"level =", b"\xff\xfe", b"level = 'meter'\nlevel = 'meter'", b"\xef\xbb\xbflevel='meter'"]
)
def test_a_settings_file_that_is_not_toml_is_refused(data: bytes, home: Path) -> None:
    (home / CONFIG).write_bytes(data)
    with pytest.raises(SettingError, match=r"config\.toml is not a TOML file .*; correct it or remove it"):
        load({"HEADROOM_HOME": str(home)})


def test_a_settings_file_that_cannot_be_read_is_refused(home: Path) -> None:
    (home / CONFIG).mkdir()
    with pytest.raises(SettingError, match=r"config\.toml cannot be read .*; make it readable or remove it"):
        load({"HEADROOM_HOME": str(home)})


def test_an_override_that_is_no_setting_is_a_type_error(home: Path) -> None:
    with pytest.raises(TypeError, match="no such setting: levl"):
        load({"HEADROOM_HOME": str(home)}, overrides={"levl": "meter"})


def test_an_override_of_none_is_not_given(home: Path) -> None:
    assert load(written(home, 'level = "meter"'), overrides={"level": None}).level == "meter"


def test_a_long_bad_value_is_shown_cut(home: Path) -> None:
    with pytest.raises(SettingError) as caught:
        load({"HEADROOM_HOME": str(home), "HEADROOM_LEVEL": "x" * 10_000})
    assert len(str(caught.value)) < 200


@given(
    value=st.text(max_size=20), name=st.sampled_from(["HEADROOM_LEVEL", "HEADROOM_STORE_CAP", "HEADROOM_VOCABULARY"])
)
def test_any_value_is_read_or_refused_with_its_source(value: str, name: str) -> None:
    refusal = ""
    try:
        conf = load({"HEADROOM_HOME": os.environ["HEADROOM_HOME"], name: value})
    except SettingError as error:
        refusal = str(error)
    assert refusal.startswith(f"{name} is ") or (conf.level in policy.LEVELS and conf.store_cap > 0)


def test_the_home_is_known_whatever_the_settings_file_says(home: Path) -> None:
    (home / CONFIG).write_text("level = ", encoding="utf-8")

    assert own_home({"HEADROOM_HOME": str(home)}) == home


def test_the_home_can_be_set_for_a_process_that_was_not_given_the_users_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_HOME", "elsewhere")
    (tmp_path / "config.toml").write_text('level = "lossless"\n', encoding="utf-8")
    set_home(str(tmp_path))

    assert (load().home, load().level) == (tmp_path, "lossless")
