from django.urls import path

from gopimi.workspaces.views import invitations, members, profile, settings

app_name = "settings"
urlpatterns = [
    path("", settings.workspace_settings, name="workspace"),
    path("profile/", profile.profile, name="profile"),
    path("members/", members.members, name="members"),
    path("members/<int:membership_id>/role/", members.role, name="member_role"),
    path("members/<int:membership_id>/remove/", members.remove, name="remove_member"),
    path("first-steps/hide/", members.hide_first_steps, name="hide_first_steps"),
    path("leave/", members.leave, name="leave"),
    path("invitations/new/", invitations.invite, name="invite"),
    path("invitations/<int:invitation_id>/again/", invitations.send_again, name="send_invitation_again"),
    path("invitations/<int:invitation_id>/revoke/", invitations.revoke, name="revoke_invitation"),
    path("tokens/", settings.tokens, name="tokens"),
    path("tokens/new/", settings.new_token, name="new_token"),
    path("tokens/<int:token_id>/revoke/", settings.revoke_token, name="revoke_token"),
]
