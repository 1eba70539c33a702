package web

// wordsOfLooks has the words about how the pages look and by whom they are reached.
func wordsOfLooks() map[string]inBoth {
	return map[string]inBoth{
		"error.nopage":   {"This page is not among those of your account.", "Den här sidan finns inte för ditt konto."},
		"signin.host":    {"This user does not sign in here, but at another address.", "Användaren loggar inte in här utan på en annan adress."},
		"proxy.stranger": {"You have signed in as %s, but there is no such user here, or it may not sign in. Ask whoever keeps the users.", "Du är inloggad som %s, men det finns ingen sådan användare här, eller så får den inte logga in. Fråga den som sköter användarna."},
	}
}
