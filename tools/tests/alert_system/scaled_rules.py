"""The rules with all durations shortened by one factor, so that a test need not wait for hours."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def scaled(text, factor):
    """Every `for:`, range and horizon of `text` divided by `factor`.

    No `for:` is less than three seconds: on a busy machine a page may come late by one.
    """

    def duration(found, least=0):
        milliseconds = round(1000 * int(found[2]) * SECONDS[found[3]] / factor)
        return f"{found[1]}{max(milliseconds, least)}ms{found[4]}"

    text = re.sub(r"(\[)(\d+)([smhd])(\])", duration, text)
    text = re.sub(r"(for: )(\d+)([smhd])($)", lambda found: duration(found, 3000), text, flags=re.M)
    return re.sub(r"(predict_linear\([^)]*?, )(\d+)\)",
                  lambda found: f"{found[1]}{int(found[2]) / factor:g})", text)


def alert_names(text):
    """Alerts in the order of the rules, each once."""
    return list(dict.fromkeys(re.findall(r"- alert: (\w+)", text)))
