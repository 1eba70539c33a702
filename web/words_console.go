package web

// wordsOfConsole has the words of the console.
func wordsOfConsole() map[string]inBoth {
	return map[string]inBoth{
		"nav.nodes":  {"Servers", "Servrar"},
		"nodes.lead": {"Servers that share the database, and which sessions of links each of them holds.", "Servrar som delar databasen, och vilka förbindelsers sessioner var och en har."},

		"field.host":    {"Machine", "Maskin"},
		"field.version": {"Version", "Version"},
		"field.renewed": {"Last heard of", "Senast hörd av"},
		"field.leases":  {"Sessions", "Sessioner"},

		"value.live":   {"live", "i gång"},
		"value.silent": {"silent", "tyst"},
		"value.gone":   {"gone", "borta"},
	}
}
