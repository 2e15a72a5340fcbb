"""The expected outcomes of the events in events/."""

# The outcome event, and the invalid fields.
PROVISION: dict[str, tuple[str, list[str]]] = {
    "provision_create": ("Create Succeeded", []),
    "provision_create_by_reference": ("Create Succeeded", []),
    "provision_update": ("Update Succeeded", []),
    "provision_delete": ("Delete Succeeded", []),
    "provision_with_api_key": ("Create Failed", ["/integration/api_key"]),
    "provision_unregistered_source": ("Create Failed", []),
}
# The detail type of the published event.
PUBLISH = {
    "publish_changes_created": "AI Integration Created",
    "publish_changes_updated": "AI Integration Updated",
    "publish_changes_key_rotated": "AI Integration Key Rotated",
    "publish_changes_deleted": "AI Integration Deleted",
    "publish_changes_restored": "AI Integration Restored",
    "publish_changes_health": "AI Integration Health Changed",
    "publish_changes_consumer_granted": "AI Integration Consumer Granted",
    "publish_changes_consumer_changed": "AI Integration Consumer Changed",
    "publish_changes_consumer_revoked": "AI Integration Consumer Revoked",
}
UNREADABLE = {"publish_changes_unreadable"}
# The status of the response to CloudFormation.
CUSTOM_RESOURCE = {
    "custom_resource_create": "SUCCESS",
    "custom_resource_update": "SUCCESS",
    "custom_resource_delete": "SUCCESS",
    "custom_resource_with_api_key": "FAILED",
    "custom_resource_unregistered_stack": "FAILED",
}
