from django.urls import path

from tickets.views import attachments, contacts, lists, messages, new, threads

app_name = "tickets"
urlpatterns = [
    path("tickets/", lists.tickets, name="list"),
    path("tickets/new/", new.new, name="new"),
    path("tickets/<int:number>/", threads.thread, name="detail"),
    path("tickets/<int:number>/change/", threads.change, name="change"),
    path("tickets/<int:number>/tags/", threads.tags, name="tags"),
    path("tickets/<int:number>/reply/", threads.reply, name="reply"),
    path("inbox/", lists.inbox, name="inbox"),
    path("inbox/<int:conversation_id>/", threads.thread, name="conversation"),
    path("inbox/<int:conversation_id>/change/", threads.change, name="conversation_change"),
    path("inbox/<int:conversation_id>/reply/", threads.reply, name="conversation_reply"),
    path("messages/<int:message_id>/", messages.message, name="message"),
    path("messages/<int:message_id>/retry/", messages.retry, name="retry"),
    path("attachments/<int:attachment_id>/", attachments.attachment, name="attachment"),
    path("contacts/<int:contact_id>/threads/", contacts.of_contact, name="of_contact"),
]
