from django.urls import include, path

from tickets.views import attachments, bulk, contacts, held, lists, mailboxes, messages, new, originals, tags, threads

app_name = "tickets"
urlpatterns = [
    path("tickets/", lists.tickets, name="list"),
    path("tickets/new/", new.new, name="new"),
    path("tickets/bulk/", include(bulk.TicketBulkEdits().paths())),
    path("tickets/<int:number>/", threads.thread, name="detail"),
    path("tickets/<int:number>/edit/", threads.edit, name="edit"),
    path("tickets/<int:number>/change/", threads.change, name="change"),
    path("tickets/<int:number>/tags/", threads.tags, name="tags"),
    path("tickets/<int:number>/reply/", threads.reply, name="reply"),
    path("tickets/<int:number>/news/", threads.updates, name="news"),
    path("inbox/", lists.inbox, name="inbox"),
    path("inbox/bulk/", include(bulk.ConversationBulkEdits().paths())),
    path("inbox/<int:conversation_id>/", threads.thread, name="conversation"),
    path("inbox/<int:conversation_id>/edit/", threads.edit, name="conversation_edit"),
    path("inbox/<int:conversation_id>/change/", threads.change, name="conversation_change"),
    path("inbox/<int:conversation_id>/reply/", threads.reply, name="conversation_reply"),
    path("inbox/<int:conversation_id>/news/", threads.updates, name="conversation_news"),
    path("messages/<int:message_id>/", messages.message, name="message"),
    path("messages/<int:message_id>/retry/", messages.retry, name="retry"),
    path("messages/<int:message_id>/why/", originals.why, name="why"),
    path("messages/<int:message_id>/original/", originals.original, name="original"),
    path("messages/<int:message_id>/original/download/", originals.download, name="original_download"),
    path("attachments/<str:signed>/", attachments.attachment, name="attachment"),
    path("contacts/<int:contact_id>/threads/", contacts.of_contact, name="of_contact"),
]

# Beside the workspace's own under settings/, in the namespace "settings".
settings_pages = [
    path("mailboxes/", mailboxes.all_mailboxes, name="mailboxes"),
    path("mailboxes/new/", mailboxes.new, name="new_mailbox"),
    path("mailboxes/<int:mailbox_id>/", mailboxes.mailbox, name="mailbox"),
    path("mailboxes/<int:mailbox_id>/secret/", mailboxes.new_secret, name="new_secret"),
    path("mailboxes/<int:mailbox_id>/signing-key/", mailboxes.signing_key, name="signing_key"),
    path("mailboxes/<int:mailbox_id>/stop/", mailboxes.stop, name="stop_mailbox"),
    path("mailboxes/<int:mailbox_id>/start/", mailboxes.start, name="start_mailbox"),
    path("tags/", tags.tags, name="tags"),
    path("tags/<int:tag_id>/rename/", tags.rename, name="rename_tag"),
    path("tags/<int:tag_id>/merge/", tags.merge, name="merge_tag"),
    path("tags/<int:tag_id>/delete/", tags.delete, name="delete_tag"),
    path("held/", held.held_mails, name="held"),
    path("held/again/", held.try_all_again, name="try_all_again"),
    path("held/<int:raw_mail_id>/", held.held_mail, name="held_mail"),
    path("held/<int:raw_mail_id>/download/", held.download, name="held_download"),
    path("held/<int:raw_mail_id>/again/", held.try_again, name="try_again"),
    path("held/<int:raw_mail_id>/assign/", held.assign, name="assign_held"),
    path("held/<int:raw_mail_id>/delete/", held.delete, name="delete_held"),
]
