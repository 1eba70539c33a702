package api

// settingExample has of one kind of setting the name of one, its fields, what is
// changed of them, and another one that is made by POST, where its fields have its
// name.
type settingExample struct{ name, put, patch, other string }

// exampleOf gives the example of a kind. They name only what stands in the file of
// the tests of examples.
func exampleOf(kind string) settingExample {
	switch kind {
	case "country":
		return settingExample{put: `{"country":"46"}`, patch: `{"country":"47"}`}
	case "validity":
		return settingExample{put: `{"validity":"36h"}`, patch: `{"validity":"12h"}`}
	case "join_wait":
		return settingExample{put: `{"join_wait":"2h"}`, patch: `{"join_wait":"3h"}`}
	case "predefined":
		return settingExample{put: `{"1":"Your parcel is here"}`, patch: `{"2":"Your parcel is on its way"}`}
	case "secret":
		return settingExample{put: `{"senders":["BANK"]}`, patch: `{"patterns":["(?i)one-time code"]}`}
	case "traffic":
		return settingExample{put: `{"recipient_hour":1000}`, patch: `{"recipient_hour":500}`}
	case "networks":
		return settingExample{put: `{"csv":"prefix,mcc,mnc,network\n4670,240,01,Telia\n"}`, patch: `{"csv":"prefix,mcc,mnc,network\n4673,240,07,Tele2\n"}`}
	case "tlvs":
		return settingExample{"dlt", `{"tag":"0x1400","type":"string","max":30}`, `{"max":20}`, `{"name":"entity","tag":"0x1401","type":"string"}`}
	case "connectors":
		return settingExample{
			"op7", `{"kind":"smpp","hosts":["192.0.2.7:2775"],"system_id":"acme","password":"link-password","window":50}`, `{"window":100}`,
			`{"name":"op8","kind":"smpp","hosts":["192.0.2.8:2775"],"system_id":"acme","password":"link-password"}`,
		}
	case "filters":
		return settingExample{"spam", `{"url":"https://filter.example/sms"}`, `{"timeout":"3s"}`, `{"name":"words","url":"https://filter.example/words"}`}
	case "prices":
		return settingExample{"retail", `{"currency":"EUR","csv":"destination,price\n46,0.05\n*,0.12\n"}`, `{"currency":"SEK"}`, `{"name":"wholesale","currency":"EUR","csv":"destination,price\n*,0.03\n"}`}
	case "dimensions":
		return settingExample{"project", `{"values":["web","app"]}`, `{"values":["web","app","shop"]}`, `{"name":"order"}`}
	case "accounts":
		return settingExample{
			"shop", `{"password":"shop-password","api_keys":["shop-key"],"senders":["SHOP"],"webhook":"https://shop.example/sms"}`, `{"rate":5}`,
			`{"name":"clinic","password":"clinic-password","senders":["*"]}`,
		}
	case "keys":
		return settingExample{"acme-web", `{"account":"acme","key":"web-key","scopes":["messages:write"]}`, `{"expires":"2036-12-31"}`, `{"name":"acme-report","account":"acme","key":"report-key","scopes":["*:read"]}`}
	case "users":
		return settingExample{
			"anna", `{"account":"acme","role":"sender","password":"anna-password"}`, `{"language":"sv"}`,
			`{"name":"olle","account":"acme","role":"project","password":"olle-password"}`,
		}
	case "notices":
		return settingExample{
			"work-night", `{"text":"Tonight from 22:00 to 23:00 messages may be late.","kind":"warning","start":"2027-01-31T20:00:00Z","end":"2027-01-31T23:00:00Z"}`, `{"accounts":["acme"]}`,
			`{"name":"welcome","text":"Welcome"}`,
		}
	case "lists":
		return settingExample{"junk", `{"kind":"block","of":"from"}`, `{"accounts":["acme"]}`, `{"name":"staff","kind":"block"}`}
	case "routes":
		return settingExample{"swedes", `{"to":"46*","via":["op2"]}`, `{"via":["op2","op1"]}`, `{"name":"night","when":"22:00-06:00","via":["op2"]}`}
	case "retries":
		return settingExample{"busy", `{"first":"5m"}`, `{"longest":"1h"}`, `{"failure":"absent","first":"10m"}`}
	case "rotas":
		return settingExample{
			"ward4", `{"account":"acme","zone":"Europe/Stockholm","layers":[{"start":"2026-01-05","handover":"08:00","slots":[{"who":"contact:Anna"},{"who":"+46701234567"}]}]}`,
			`{"else":["rota:duty"]}`, `{"name":"night","account":"acme","else":["+46701234567"]}`,
		}
	case "maintenance":
		return settingExample{
			"move", `{"from":"2026-12-06T02:00:00+01:00","until":"2026-12-06T04:00:00+01:00","links":["op1"]}`, `{"note":"the operator moves"}`,
			`{"name":"patch","from":"2026-12-13T02:00:00Z","until":"2026-12-13T02:30:00Z","interfaces":["smpp"]}`,
		}
	case "schedules":
		return settingExample{
			"morning", `{"account":"acme","at":["mon-fri 08:00"],"to":["+46701234567"],"text":"Good morning"}`, `{"text":"Good morning!"}`,
			`{"name":"evening","account":"acme","at":["mon-fri 17:00"],"to":["+46701234567"],"text":"Good evening"}`,
		}
	case "series":
		return settingExample{"cases", `{"format":"{year}-{n:4}"}`, `{"restart":"year"}`, `{"name":"orders","format":"{n}"}`}
	case "inbound":
		return settingExample{"help", `{"keyword":"help","account":"acme"}`, `{"keyword":["help","hjalp"]}`, ""}
	case "replies":
		return settingExample{"+46737000002", `{"within":"24h"}`, `{"digits":2}`, `{"number":"+46737000003","within":"48h"}`}
	case "mail":
		return settingExample{put: `{"server":"mail.example.se:587","from":"sms@example.se","default":[{"number":"72456","to":["sales@example.se"]}]}`, patch: `{"addresses":["*@example.se"]}`}
	case "aliases":
		return settingExample{"desk", `{"to":["desk@example.se"]}`, `{"to":["desk@example.se","boss@example.se"]}`, `{"name":"0737494950","to":["anna@example.se"]}`}
	case "alarms":
		return settingExample{put: `{"link_down":"2m","disk":15}`, patch: `{"disk":20}`}
	}
	return settingExample{} // a test says that its examples are wrong
}
