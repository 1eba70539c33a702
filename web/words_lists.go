package web

// wordsOfLists has the words of lists: field.X names a field, value.X a word of one.
func wordsOfLists() map[string]inBoth {
	return map[string]inBoth{
		"error.file":    {"There is no file of this form.", "Det finns ingen fil av det slaget."},
		"list.filter":   {"Narrow the list", "Begränsa listan"},
		"list.any":      {"all", "alla"},
		"list.since":    {"From day", "Från dag"},
		"list.until":    {"Before day", "Före dag"},
		"list.show":     {"Show", "Visa"},
		"list.clear":    {"Show all", "Visa alla"},
		"list.none":     {"There is nothing here.", "Här finns inget."},
		"list.narrowed": {"Nothing is as asked for.", "Inget motsvarar det som söks."},
		"list.first":    {"To the first", "Till de första"},
		"list.next":     {"More", "Fler"},
		"list.file":     {"As a file:", "Som fil:"},
		"list.acts":     {"Acts", "Åtgärder"},

		"field.name":  {"Name", "Namn"},
		"field.state": {"State", "Läge"},

		"value.command": {"command", "kommando"},
		"value.forward": {"forwarded", "vidare"},
		"value.mail":    {"mail", "e-post"},
		"value.mailbox": {"mailbox", "brevlåda"},
		"value.reply":   {"reply", "svar"},
		"value.service": {"Kannel service", "Kannel-tjänst"},
		"value.webhook": {"webhook", "webhook"},

		"value.true":  {"yes", "ja"},
		"value.false": {"no", "nej"},
	}
}
