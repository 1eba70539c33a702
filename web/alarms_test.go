package web

import (
	"os"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/alarm"
)

// Every sentence of an alarm is said in Swedish with the same values, stands in the documentation, and every kind has a name.
func TestAlarmWords(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	inSwedish := alarmsInSwedish()
	for key := range alarm.Sentences() {
		said := alarm.Say(key, "1", "2", "3", "4")
		filled := alarm.Fill(inSwedish[key], said.Named())
		for name, value := range said.Named() {
			if !strings.Contains(filled, value) || !strings.Contains(string(docs), "`"+name+"`") {
				t.Errorf("%s says nothing of %s in Swedish or in docs/alarms.md: %q", key, name, filled)
			}
		}
		if strings.ContainsAny(filled, "{}") || !strings.Contains(string(docs), "`"+key+"`") {
			t.Errorf("%s: %q", key, filled)
		}
	}
	if len(inSwedish) != len(alarm.Sentences()) {
		t.Error("there is Swedish for an alarm that there is not")
	}
	table := allWords()
	for _, k := range alarm.Kinds() {
		if table["value."+string(k)].sv == "" {
			t.Errorf("the kind %s has no name", k)
		}
	}
}

// An alarm is told in the user's language, with times by the server's clock; what was kept before has English only.
func TestAlarmText(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	event := row{
		"text": "English", "sentence": "link_down",
		"values": map[string]any{"link": "op1", "since": at.UTC().Format(time.RFC3339), "waiting": "3"},
	}
	s := &Server{table: allWords(), alarms: alarmsInSwedish()}
	sv, en := &visit{Server: s, user: &account.User{Language: swedish}}, &visit{Server: s, user: &account.User{Language: "en"}}
	if text := sv.alarmText(event); text != "förbindelsen op1 har varit nere sedan "+showTime(at)+"; meddelanden som väntar på den: 3" {
		t.Error(text)
	}
	if text := en.alarmText(event); text != "English" {
		t.Error(text)
	}
	if text := sv.alarmText(row{"text": "English"}); text != "English" {
		t.Error(text)
	}
}
