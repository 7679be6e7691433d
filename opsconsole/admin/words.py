"""What the codes of audit rows and jobs mean, in people's words; a code that is not here is shown as it is."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "add_attachment": _("Attach a file to a QA pair"),
    "activate_tenant": _("Activate a merchant"),
    "bulk_delete": _("Delete QA pairs"),
    "bulk_sync": _("Index QA pairs anew"),
    "bulk_update_category": _("File QA pairs"),
    "cancel_job": _("Cancel a job"),
    "change_password": _("Change the own password"),
    "create_api_key": _("Make an API key"),
    "create_ops_user": _("Add an operator"),
    "create_price": _("Add a price"),
    "create_qa_pair": _("Add a QA pair"),
    "create_scene": _("Add a scene"),
    "create_template": _("Add a template"),
    "create_tenant": _("Add a merchant"),
    "create_user": _("Add a person"),
    "delete_attachment": _("Take a file off a QA pair"),
    "delete_document": _("Delete a document"),
    "delete_price": _("Delete a price"),
    "delete_qa_pair": _("Delete a QA pair"),
    "delete_scene": _("Delete a scene"),
    "delete_template": _("Delete a template"),
    "export_answer": _("Export an answer"),
    "export_conversation": _("Export a conversation"),
    "export_qa_pairs": _("Export QA pairs"),
    "fetch_document": _("Fetch a document from the web"),
    "import_qa_pairs": _("Import QA pairs"),
    "login": _("Sign in"),
    "login_failed": _("Sign in (refused)"),
    "retry_job": _("Try a job again"),
    "revoke_api_key": _("Revoke an API key"),
    "rollback_document": _("Go back to a version"),
    "rotate_api_key": _("Renew an API key"),
    "suspend_tenant": _("Suspend a merchant"),
    "trigger_sync": _("Index anew"),
    "update_api_key": _("Change an API key"),
    "update_from_folder": _("Update from a folder"),
    "update_document": _("Change a document"),
    "update_ops_user": _("Change an operator"),
    "update_params": _("Change the tuning"),
    "update_price": _("Change a price"),
    "update_qa_pair": _("Change a QA pair"),
    "update_scene": _("Change a scene"),
    "update_settings": _("Change the settings"),
    "update_template": _("Change a template"),
    "update_user": _("Change a person"),
    "upload_document": _("Upload a document"),
}
KINDS = {
    "ingest": _("Read a document"),
    "import": _("Import QA pairs"),
    "sync": _("Index anew"),
    "update_full": _("Update from a folder (full)"),
    "update_incremental": _("Update from a folder (incremental)"),
    "maintenance": _("Tidy up"),
    "provision": _("Make a merchant"),
}
STAGES = {
    "queued": _("Waiting"),
    "parsing": _("Reading"),
    "ocr": _("Reading pictures"),
    "chunking": _("Cutting"),
    "embedding": _("Computing vectors"),
    "indexing": _("Indexing"),
    "done": _("Done"),
}
TARGETS = {
    "tenant": _("merchant"),
    "user": _("user"),
    "qa_pair": _("QA pair"),
    "document": _("document"),
    "scene": _("scene"),
    "settings": _("settings"),
    "template": _("template"),
    "price": _("price"),
    "job": _("job"),
    "api_key": _("API key"),
}


def word(table: Mapping[str, object], code: str) -> str:
    """Return what a code means, or the code."""
    return str(table.get(code, code))
