package web

// wordsOfAlarms name the kinds of alarms.
func wordsOfAlarms() map[string]inBoth {
	return map[string]inBoth{
		"value.queue_age":   {"old queue", "gammal kö"},
		"value.link_down":   {"link down", "förbindelse nere"},
		"value.error_rate":  {"many failures", "många fel"},
		"value.balance":     {"balance", "saldo"},
		"value.disk":        {"disk", "disk"},
		"value.certificate": {"certificate", "certifikat"},
		"value.clock":       {"clock", "klocka"},
		"value.traffic":     {"unusual traffic", "ovanlig trafik"},
		"value.modem":       {"modem", "modem"},
		"value.escalation":  {"nobody answers", "ingen svarar"},
	}
}

// alarmsInSwedish are alarm.Sentences in Swedish, by the same keys and with the same names in braces.
func alarmsInSwedish() map[string]string {
	return map[string]string{
		"queue_age":      "meddelanden har väntat på förbindelsen {link} sedan {since}",
		"link_down":      "förbindelsen {link} har varit nere sedan {since}; meddelanden som väntar på den: {waiting}",
		"error_rate":     "av {answers} svar på förbindelsen {link} de senaste fem minuterna var {failures} fel",
		"balance":        "av saldot hos {account} är {amount} {currency} tillgängligt",
		"disk":           "disken med datamappen har {free} MiB ledigt, {percent} av hundra",
		"certificate":    "certifikatet för {interface} går ut {ends}",
		"clock_jump":     "klockan hoppade {by}",
		"clock_offset":   "klockan går fel med {by}, enligt systemets tidstjänst",
		"traffic_growth": "{account} har skickat {messages} meddelanden till {country} den här timmen; {usual} på en timme är det vanliga",
		"traffic_series": "{account} har skickat en och samma text till {numbers} av 64 nummer som följer på varandra, senast {last}",
		"modem":          "modemet {modem} på förbindelsen {link} kan inte skicka sedan {since}: {why}",
		"escalation":     "ingen har tagit meddelandet {message} till rota:{rota} hos {account}; {asked} tillfrågades",
	}
}
