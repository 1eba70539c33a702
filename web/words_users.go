package web

// wordsOfUsers has the words of the second factor, of one-time links and of who manages users.
func wordsOfUsers() map[string]inBoth {
	return map[string]inBoth{
		"code.title": {"Code", "Kod"},
		"code.lead":  {"Your password was right. Now show that your device is with you.", "Lösenordet var rätt. Visa nu att du har din enhet med dig."},
		"code.code":  {"Code of your device, or a recovery code", "Kod från din enhet, eller en återställningskod"},
		"code.hint":  {"Six digits that change every half minute. Each code is good once.", "Sex siffror som byts varje halvminut. Varje kod gäller en gång."},
		"code.wrong": {"The code is wrong, or was used before. Wait for the next one.", "Koden är fel, eller redan använd. Vänta på nästa."},
		"code.slow":  {"Too many codes were wrong. Wait a while and try again; whoever manages users can reset the second factor.", "För många koder var fel. Vänta en stund och försök igen; den som hanterar användare kan återställa andra faktorn."},
		"code.other": {"Sign in as somebody else", "Logga in som någon annan"},

		"second.title":      {"Second factor", "Andra faktorn"},
		"second.lead":       {"Beside the password, signing in then takes a code of your phone. Scan this with an app for codes (such as Aegis, FreeOTP or Google Authenticator), and type the code that it shows.", "Förutom lösenordet krävs då en kod från din telefon för att logga in. Läs av detta med en app för koder (som Aegis, FreeOTP eller Google Authenticator), och skriv koden som den visar."},
		"second.needed":     {"Your account asks for a second factor.", "Ditt konto kräver en andra faktor."},
		"second.picture":    {"The secret as a picture for an app", "Hemligheten som bild för en app"},
		"second.type":       {"Or type it into the app:", "Eller skriv in den i appen:"},
		"second.code":       {"Code that the app shows", "Kod som appen visar"},
		"second.do":         {"Set it up", "Slå på"},
		"second.since":      {"It is set up since %s.", "Den är på sedan %s."},
		"second.left":       {"%d recovery codes are left.", "%d återställningskoder är kvar."},
		"second.new":        {"Make new recovery codes", "Gör nya återställningskoder"},
		"second.remove":     {"Do without a second factor", "Ta bort andra faktorn"},
		"second.codes":      {"Recovery codes", "Återställningskoder"},
		"second.codes.lead": {"Each lets you in once if your device is lost. Print them or keep them with your passwords: they are shown this once.", "Var och en släpper in dig en gång om enheten är borta. Skriv ut dem eller spara dem med dina lösenord: de visas bara nu."},
		"second.kept":       {"I have kept them", "Jag har sparat dem"},
		"second.none":       {"There is none: the password alone lets you in.", "Den är inte på: lösenordet räcker för att komma in."},
		"second.on":         {"It is set up.", "Den är på."},
		"second.open":       {"Set it up", "Slå på"},
		"second.change":     {"Change it", "Ändra"},

		"forgot.title":      {"Another password", "Nytt lösenord"},
		"forgot.lead":       {"We send you a link by mail by which you choose another password.", "Vi skickar en länk med e-post där du väljer ett nytt lösenord."},
		"forgot.name.label": {"User name or mail address", "Användarnamn eller e-postadress"},
		"forgot.name":       {"Write your user name or mail address.", "Skriv ditt användarnamn eller din e-postadress."},
		"forgot.do":         {"Send a link", "Skicka en länk"},
		"forgot.sent":       {"If there is a user %s with a mail address, a link is on its way. It is good for an hour.", "Om det finns en användare %s med e-postadress är en länk på väg. Den gäller i en timme."},
		"forgot.none":       {"This server cannot send mail. Ask whoever manages users for another password.", "Den här servern kan inte skicka e-post. Be den som hanterar användare om ett nytt lösenord."},
		"forgot.back":       {"To the sign-in", "Till inloggningen"},
		"signin.forgot":     {"Password forgotten?", "Glömt lösenordet?"},

		"link.title":   {"Choose a password", "Välj ett lösenord"},
		"link.invited": {"Welcome. Your user name is %s.", "Välkommen. Ditt användarnamn är %s."},
		"link.reset":   {"Another password for %s. You are signed out everywhere else.", "Nytt lösenord för %s. Du loggas ut överallt annars."},
		"link.do":      {"Keep it and sign in", "Spara och logga in"},
		"link.gone":    {"This link has been used, is too old, or another one has been made since. Ask for a new one.", "Länken är använd, för gammal, eller så har en nyare gjorts. Be om en ny."},

		"mail.reset.subject":  {"Another password for Kurir", "Nytt lösenord till Kurir"},
		"mail.reset.text":     {"Somebody, probably you, has asked for another password for the user %s.\n\nChoose one here:\n%s\n\nThe link is good once, for %d minutes. If it was not you, do nothing: your password stays.\n", "Någon, troligen du, har bett om ett nytt lösenord för användaren %s.\n\nVälj ett här:\n%s\n\nLänken gäller en gång, i %d minuter. Var det inte du behöver du inte göra något: lösenordet är kvar.\n"},
		"mail.invite.subject": {"Invitation to Kurir", "Inbjudan till Kurir"},
		"mail.invite.text":    {"%s has invited you to Kurir. Your user name is %s.\n\nChoose a password here:\n%s\n\nThe link is good once, until %s.\n", "%s har bjudit in dig till Kurir. Ditt användarnamn är %s.\n\nVälj ett lösenord här:\n%s\n\nLänken gäller en gång, till %s.\n"},
	}
}
