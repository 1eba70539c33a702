package web

// wordsOfSettings are those of the pages of settings and of all forms.
func wordsOfSettings() map[string]inBoth {
	return map[string]inBoth{
		"form.nojson": {"This is no JSON: %s", "Det här är inte JSON: %s"},
		"form.nopair": {"Write name: value in each line, each name once; this line is none: %s", "Skriv namn: värde på varje rad, varje namn en gång; den här raden är ingen sådan: %s"},
	}
}
