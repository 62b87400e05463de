"""The words by which programs tell of failure, in the languages they speak, and the words that only seem to.

Sources: the message catalogues of gettext programs, gcc, git, systemd and the JDK in their translations, and the output
of common test runners, compilers and servers. What stands around a word (a path, an option, a negation) is judged by
`failing`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: dict[str, str] = {
    "English": """err error errors errored fail fails failed failing failure failures fatal panic panics panicked
        panicking exception exceptions traceback abort aborts aborted aborting crash crashes crashed crashing denied
        refused rejected forbidden unauthorized segfault segfaulted timeout timeouts critical unreachable corrupt
        corrupted corruption unhandled uncaught cannot oom oomkilled killed deadlock deadlocked unresolved unhealthy
        crashloopbackoff severe emerg emergency alert crit failwith undeliverable inaccessible unavailable misconfigured
        sigsegv sigabrt sigkill sigbus sigill sigfpe""",
    "German": """fehler fehlern fehlers fehlerhaft fehlgeschlagen fehlgeschlagene fehlschlag fehlschläge gescheitert
        abgebrochen abbruch abgestürzt absturz verweigert abgelehnt zeitüberschreitung zeitlimit ausnahme schwerwiegend
        schwerwiegender unerreichbar ausnahmefehler syntaxfehler laufzeitfehler schreibfehler lesefehler
        übersetzungsfehler verbindungsfehler ungültig ungültiger ungültige""",
    "French": """erreur erreurs échec échecs échoué échouée échoués échouées refusé refusée refusés fatale introuvable
        introuvables impossible interrompu interrompue abandon abandonné dépassé expiré plantage inaccessible""",
    "Spanish": """errores fallo fallos falló fallido fallida fallidos fallidas fallaron denegado denegada rechazado
        rechazada excepción abortado abortada agotado inaccesible""",
    "Portuguese": """erro erros falha falhas falhou falharam falhado negado negada recusado recusada exceção esgotado
        inacessível abortado""",
    "Italian": """errore errori fallito fallita falliti fallite fallimento negato negata rifiutato rifiutata eccezione
        scaduto interrotto interrotta irraggiungibile""",
    "Dutch and Polish": """fout fouten mislukt geweigerd geannuleerd błąd błędy niepowodzenie odmowa przerwano""",
}
"""Words that tell of failure where they stand alone, in small letters."""

PHRASES = (
    "segmentation fault", "core dumped", "timed out", "times out", "unable to", "could not", "couldn't", "can't ",
    "no such", "not found", "does not exist", "doesn't exist", "out of memory", "undefined reference", "broken pipe",
    "no space left", "stack overflow", "connection reset", "connection closed", "connection lost", "not ok",
    "not allowed", "not permitted", "is not defined", "has no attribute", "bad gateway", "internal server",
    "schlug fehl", "schlägt fehl", "nicht gefunden", "nicht möglich", "konnte nicht", "konnten nicht", "kann nicht",
    "nicht erreichbar", "délai d'attente", "n'a pas pu", "n'existe pas", "tiempo de espera", "no se pudo",
    "no se puede", "no se encontró", "no se ha podido", "no existe", "tempo esgotado", "não foi possível",
    "não encontrado", "não encontrada", "não existe", "non trovato", "non trovata", "non riuscito", "non riuscita",
    "non è stato possibile", "non esiste", "niet gevonden", "kan niet", "nie można",
)  # fmt: skip
"""The same for several words in a row."""

STEMS: dict[str, tuple[str, ...]] = {
    "Russian": (
        "ошибк", "ошибок", "сбой", "сбоя", "отказано", "отклонен", "не удалось", "исключени", "неудач", "провален",
        "прерван", "аварийн", "таймаут", "время ожидания", "недоступ", "не найден", "невозможно",
    ),
    "Chinese": (
        "错误", "失败", "异常", "拒绝", "超时", "致命", "崩溃", "中止", "无法", "未找到", "找不到", "不存在", "出错",
        "錯誤", "失敗", "異常", "拒絕", "逾時", "崩潰", "無法",
    ),
    "Japanese": (
        "エラー", "例外", "拒否", "タイムアウト", "致命的", "中断", "見つかりません", "できません", "クラッシュ",
        "パニック",
    ),
    "Korean": (
        "오류", "에러", "실패", "예외", "거부", "시간 초과", "시간초과", "치명적", "중단", "찾을 수 없", "할 수 없",
    ),
}  # fmt: skip
"""Parts of words of languages that bend their words or write without blanks: they may stand in longer ones."""

SIGNS = "✕✗✖✘❌⨯"
"""Signs of a failed test or step. `×` is one at the start of a line; elsewhere it multiplies."""

NONE = words_of(
    """no 0 zero without never kein keine keinen ohne aucun aucune sans sin ningún ningun nessun nessuna nessuno senza
    nenhum nenhuma sem нет без geen bez"""
)
"""Words that turn the one after them into its opposite."""

BETWEEN = words_of("new more other known test build type syntax such of lint compile any style import fatal")
"""Words that may stand between such a word and the failure it denies."""

ASIDE = words_of(
    """handler handlers handling handled budget boundary boundaries rate rates page pages log logs path paths case
    cases type types class classes checking tolerance tolerant correction recovery reporting reporter injection mode
    wrapping propagation free safe fast count counts counter object objects prone"""
)
"""After `error` and the like these name a subject, and tell of no failure."""

WHEN = frozenset(("on", "if", "when", "unless", "until"))
"""Before a word of failure these tell what would be, not what is."""

_ALONE = words_of(" ".join(WORDS.values()))
_STEMS = tuple(dict.fromkeys(stem for stems in STEMS.values() for stem in stems))
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_ZERO = re.compile(
    r"[\"']?[ \t]*(?:[:=：]|is\b|count:?)[ \t]*(?:0(?![\d.,]*[1-9])[\d.,%]*(?![\w:])|\[\]|\{\}"
    r"|[\"'](?:0|none|null|false)?[\"']|(?:null|none|nil|false|no)(?=[ \t]*(?:[,;)}\]|]|\Z)))",
    re.IGNORECASE,
)
_STEM_ZERO = re.compile(r"[^\W\d_]{0,3}[ \t]*[:：=]?[ \t]*0(?![\w.,])|[^\W\d_]{0,3}[ \t]*[:：=]?[ \t]*0 ?[个件개]")
_ZERO_STEM = re.compile(r"(?<![\d.,:])0[ \t]*[^\W\d_]?[ \t]*\Z")
_CAMEL = re.compile(r"\A[A-Z]\w*(?:Error|Exception|Failure|Panic|Fault)\Z")
_INSIDE_BEFORE, _INSIDE_AFTER = frozenset("_/\\$@`#&?-."), frozenset("_/\\$`(")
_JOIN = frozenset("-.")


def _shortest(words: set[str]) -> tuple[str, ...]:
    """The words without those that hold another one."""
    kept: list[str] = []
    for word in sorted(words, key=lambda w: (len(w), w)):
        if not any(known in word for known in kept):
            kept.append(word)
    return tuple(kept)


HINTS = _shortest({*_ALONE, *PHRASES, *_STEMS, *SIGNS, "×"})
"""In small letters: one of these stands in every line that tells of failure."""


class Found(NamedTuple):
    """A word of failure in a line."""

    start: int
    end: int
    loud: bool
    """True in capitals (`ERROR`), as a sign (`✗`), or as the name of an exception type (`KeyError`)."""


def failing(line: str) -> Iterator[Found]:
    """The words of failure in `line` that stand for themselves and are not denied, in no particular order."""
    words = list(_TOKEN.finditer(line))
    low = line.lower()
    for at, match in enumerate(words):
        word = match.group()
        small = word.lower()
        if (small in _ALONE or _CAMEL.match(word)) and _stands(line, match.start(), match.end()):
            before = [w.group().lower() for w in words[max(0, at - 2) : at]]
            follower = words[at + 1] if at + 1 < len(words) else None
            if not _denied(line, match.end(), before, follower):
                yield Found(match.start(), match.end(), not word.islower() and (word.isupper() or small not in _ALONE))
    for phrase in PHRASES:
        if phrase in low and len(low) == len(line):
            start = low.index(phrase)
            before = [w.group().lower() for w in words if w.end() <= start][-1:]
            if not set(before) & (NONE | WHEN) and not line[start - 1 : start].isalpha():
                yield Found(start, start + len(phrase), False)
    if line.isascii():
        return
    for stem in _STEMS:
        start = low.find(stem)
        if start >= 0 and len(low) == len(line):
            end = start + len(stem)
            if not _STEM_ZERO.match(line, end) and not _ZERO_STEM.search(line[:start]):
                yield Found(start, end, False)
    for sign in SIGNS:
        if sign in line:
            yield Found(line.index(sign), line.index(sign) + 1, True)


def _stands(line: str, start: int, end: int) -> bool:
    """True if the word is no piece of a path, an option, a name or a call."""
    before, after = line[start - 1 : start], line[end : end + 2]
    if before in _INSIDE_BEFORE and before:
        if before == "-" and start >= 2 and not line[start - 2].isalnum() and line[start - 2] != "-":
            return True  # a dash on its own, or at the start of a line
        return before == "." and line[start - 2 : start - 1].isalnum() and _CAMEL.match(line[start:end]) is not None
    if not after:
        return True
    return after[0] not in _INSIDE_AFTER and not (after[0] in _JOIN and after[1:].isalnum())


def _denied(line: str, end: int, before: list[str], follower: re.Match[str] | None) -> bool:
    """True if the words around say that there is no failure, or speak of failures in general."""
    if before and (before[-1] in NONE or before[-1] in WHEN):
        return True
    if len(before) == 2 and before[-1] in BETWEEN and before[-2] in NONE:
        return True
    if follower is not None and follower.start() == end + 1 and line[end] == " " and follower.group().lower() in ASIDE:
        return True
    return _ZERO.match(line, end) is not None
