"""Files of buckets (S3, and what speaks as it does). Logins and the place of the service are those that boto3 finds."""

from __future__ import annotations

from functools import cache
from typing import Any

from sncompile.ir.language.locations import location
from sncompile.remote.found import Found, NotReached, NotThere, version_of


def look(url: str) -> Found:
    """What a bucket says of a file. Raises `NotThere` and `NotReached`."""
    bucket, key = location(url).host, location(url).path[1:]
    answer = _asked(lambda: _client().head_object(Bucket=bucket, Key=key), bucket)
    if answer is None:
        look_at_bucket(url)
        raise NotThere
    changed = answer.get("LastModified")
    return version_of(url, answer.get("ContentLength"), answer.get("ETag"), str(changed) if changed else None)


def look_at_bucket(url: str) -> None:
    """Raises `NotReached` where there is no such bucket, or it may not be looked at."""
    bucket = location(url).host
    if _asked(lambda: _client().head_bucket(Bucket=bucket), bucket) is None:
        raise NotReached(f"there is no bucket `{bucket}`")


def _asked(ask: Any, bucket: str) -> dict[str, Any] | None:
    """An answer of the service; None where there is nothing."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        answer: dict[str, Any] = ask()
    except NoCredentialsError:
        raise NotReached(f"no login for the bucket `{bucket}` is found (`AWS_ACCESS_KEY_ID`, `~/.aws`)") from None
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
            return None
        raise NotReached(f"the bucket `{bucket}` may not be read with the login that is found ({code})") from None
    except BotoCoreError as error:
        raise NotReached(f"the bucket `{bucket}` is not reached: {' '.join(str(error).split())[:200]}") from None
    return answer


@cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    # The plugin asks in this region where nothing else is said.
    session = boto3.session.Session()
    config = Config(connect_timeout=10, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"})
    return session.client("s3", region_name=session.region_name or "us-east-1", config=config)
