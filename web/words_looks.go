package web

// wordsOfLooks has the words about how the pages look and by whom they are reached.
func wordsOfLooks() map[string]inBoth {
	return map[string]inBoth{
		"nav.looks":              {"Looks", "Utseende"},
		"looks.title":            {"How the pages look", "Hur sidorna ser ut"},
		"looks.lead":             {"To the users of this account and of those below it. What is left empty is as the account above has it.", "För användarna i det här kontot och i dem under det. Det som lämnas tomt är som kontot ovanför har det."},
		"looks.name":             {"Name at the top", "Namn överst"},
		"looks.logo":             {"Logo", "Logotyp"},
		"looks.logo.hint":        {"PNG or JPEG, at most 768 KiB; it is made small enough", "PNG eller JPEG, högst 768 KiB; den görs lagom liten"},
		"looks.logo.remove":      {"Take the present one away", "Ta bort den nuvarande"},
		"looks.color":            {"Colour of buttons and links", "Färg på knappar och länkar"},
		"looks.color.hint":       {"Such as #0b6b5d. Where text would be hard to read, a darker or lighter tone takes its place.", "Till exempel #0b6b5d. Där text skulle bli svårläst används en mörkare eller ljusare ton."},
		"looks.light":            {"On light paper it becomes %s.", "På ljust papper blir den %s."},
		"looks.dark":             {"On dark paper it becomes %s.", "På mörkt papper blir den %s."},
		"looks.band":             {"Colour of the bar at the top", "Färg på fältet överst"},
		"looks.language":         {"Language of users who have chosen none", "Språk för användare som inte valt något"},
		"looks.functions":        {"What the users see", "Vad användarna ser"},
		"looks.host":             {"Host by which they reach the pages", "Värdnamn som de når sidorna på"},
		"looks.open":             {"Users of other accounts may sign in there too", "Andra kontons användare får också logga in där"},
		"looks.save":             {"Save", "Spara"},
		"function.compose":       {"Writing messages", "Skriva meddelanden"},
		"function.sent":          {"Sent messages", "Skickade meddelanden"},
		"function.conversations": {"Conversations", "Konversationer"},
		"function.contacts":      {"Contacts and groups", "Kontakter och grupper"},
		"function.templates":     {"Templates", "Mallar"},
		"function.schedules":     {"Schedules", "Scheman"},
		"function.rota":          {"Who is on duty", "Jourlistor"},
		"function.reports":       {"Reports", "Rapporter"},
		"error.nopage":           {"This page is not among those of your account.", "Den här sidan finns inte för ditt konto."},
		"signin.host":            {"This user does not sign in here, but at another address.", "Användaren loggar inte in här utan på en annan adress."},
		"proxy.stranger":         {"You have signed in as %s, but there is no such user here, or it may not sign in. Ask whoever keeps the users.", "Du är inloggad som %s, men det finns ingen sådan användare här, eller så får den inte logga in. Fråga den som sköter användarna."},
	}
}
