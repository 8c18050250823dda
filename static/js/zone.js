// A new account keeps the time zone of the browser that it is made with.
for (const field of document.querySelectorAll("[data-time-zone]"))
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
