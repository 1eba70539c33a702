package web

import "strings"

// mark is a word that a browser puts into the line by which it names itself, and what people call that.
type mark struct{ word, name string }

// browserMarks are looked for in this order: most browsers also say that they are others.
func browserMarks() []mark {
	return []mark{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}}
}

// systemMarks are looked for in this order.
func systemMarks() []mark {
	return []mark{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}}
}

// agentName is what people call a browser and the system under it, from the User-Agent of a request, such as Firefox, Windows; that
// as it is where it names neither.
func agentName(agent string) string {
	find := func(marks []mark) string {
		for _, m := range marks {
			if strings.Contains(agent, m.word) {
				return m.name
			}
		}
		return ""
	}
	browser, system := find(browserMarks()), find(systemMarks())
	if browser == "" || system == "" {
		return agent
	}
	return browser + ", " + system
}

// Agent is agentName for templates.
func (v *view) Agent(agent string) string { return agentName(agent) }
