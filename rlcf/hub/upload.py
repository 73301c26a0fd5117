"""The upload to the Hugging Face hub, by its own client, with the login that this client finds.

The token is the client's affair (`hf auth login`, HF_TOKEN): no option here, and never written down.
"""

from __future__ import annotations

from pathlib import Path

from rlcf.errors import BadInput


def upload(folder: Path, name: str, *, public: bool) -> str:
    """Uploads a folder as the model repository `name`, which is made where it is not there, and returns its
    address. Raises BadInput."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

    api = HfApi()
    try:
        place = api.create_repo(name, private=not public, exist_ok=True)
        api.upload_folder(repo_id=place.repo_id, folder_path=folder, commit_message="Model trained with rlcf")
    except HFValidationError as error:
        raise BadInput(f"is no name of a repository: {error}", field="name") from error
    except LocalTokenNotFoundError as error:
        raise BadInput("not logged in to the hub: `hf auth login`, or set HF_TOKEN", field="name") from error
    except (HfHubHTTPError, OSError) as error:
        raise BadInput(f"the hub refused, or can't be reached: {error}", field="name") from error
    return str(place)
