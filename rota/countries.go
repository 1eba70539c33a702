package rota

import "time"

// countries gives the rules of each country's public holidays, by its two letters (ISO 3166-1).
//
// Sweden: lag (1989:253) om allmänna helgdagar; its eves are those that are Sundays by lag (1930:173) 2 §, and the Saturdays
// before Easter and Whitsun. Norway: lov om helligdager (1995) with 1 and 17 May. Denmark: as the Folkekirke's calendar has
// them, Store Bededag until it was abolished (lov 214 of 2023). Finland: the holidays of the Church and of laws 388/1937 and
// 272/1944. Germany: those of all its states. The Netherlands: Algemene termijnenwet, article 3. England: Banking and
// Financial Dealings Act 1971 with the days that were proclaimed, each also on the day itself where another is its substitute.
func countries() map[string][]rule {
	return map[string][]rule{
		"SE": sweden(), "NO": norway(), "DK": denmark(), "FI": finland(), "DE": germany(), "NL": netherlands(), "GB": england(),
	}
}

func sweden() []rule {
	return []rule{
		fixed("Nyårsdagen", time.January, 1),
		fixed("Trettondedag jul", time.January, 6),
		fromEaster("Långfredagen", -2),
		fromEaster("Påskafton", -1).eveOf(),
		fromEaster("Påskdagen", 0),
		fromEaster("Annandag påsk", 1),
		fixed("Första maj", time.May, 1),
		fromEaster("Kristi himmelsfärdsdag", 39),
		fromEaster("Pingstafton", 48).eveOf(),
		fromEaster("Pingstdagen", 49),
		fromEaster("Annandag pingst", 50).through(2004),
		fixed("Sveriges nationaldag", time.June, 6).from(2005),
		weekdayFrom("Midsommarafton", time.Friday, time.June, 19).eveOf(),
		weekdayFrom("Midsommardagen", time.Saturday, time.June, 20),
		weekdayFrom("Alla helgons dag", time.Saturday, time.October, 31),
		fixed("Julafton", time.December, 24).eveOf(),
		fixed("Juldagen", time.December, 25),
		fixed("Annandag jul", time.December, 26),
		fixed("Nyårsafton", time.December, 31).eveOf(),
	}
}

func norway() []rule {
	return []rule{
		fixed("Første nyttårsdag", time.January, 1),
		fromEaster("Skjærtorsdag", -3),
		fromEaster("Langfredag", -2),
		fromEaster("Påskeaften", -1).eveOf(),
		fromEaster("Første påskedag", 0),
		fromEaster("Andre påskedag", 1),
		fixed("Arbeidernes dag", time.May, 1),
		fixed("Grunnlovsdagen", time.May, 17),
		fromEaster("Kristi himmelfartsdag", 39),
		fromEaster("Pinseaften", 48).eveOf(),
		fromEaster("Første pinsedag", 49),
		fromEaster("Andre pinsedag", 50),
		fixed("Julaften", time.December, 24).eveOf(),
		fixed("Første juledag", time.December, 25),
		fixed("Andre juledag", time.December, 26),
		fixed("Nyttårsaften", time.December, 31).eveOf(),
	}
}

func denmark() []rule {
	return []rule{
		fixed("Nytårsdag", time.January, 1),
		fromEaster("Skærtorsdag", -3),
		fromEaster("Langfredag", -2),
		fromEaster("Påskedag", 0),
		fromEaster("2. påskedag", 1),
		fromEaster("Store bededag", 26).through(2023),
		fromEaster("Kristi himmelfartsdag", 39),
		fromEaster("Pinsedag", 49),
		fromEaster("2. pinsedag", 50),
		fixed("Grundlovsdag", time.June, 5).eveOf(),
		fixed("Juleaften", time.December, 24).eveOf(),
		fixed("Juledag", time.December, 25),
		fixed("2. juledag", time.December, 26),
		fixed("Nytårsaften", time.December, 31).eveOf(),
	}
}

func finland() []rule {
	return []rule{
		fixed("Uudenvuodenpäivä", time.January, 1),
		fixed("Loppiainen", time.January, 6),
		fromEaster("Pitkäperjantai", -2),
		fromEaster("Pääsiäislauantai", -1).eveOf(),
		fromEaster("Pääsiäispäivä", 0),
		fromEaster("2. pääsiäispäivä", 1),
		fixed("Vappu", time.May, 1),
		fromEaster("Helatorstai", 39),
		fromEaster("Helluntaipäivä", 49),
		weekdayFrom("Juhannusaatto", time.Friday, time.June, 19).eveOf(),
		weekdayFrom("Juhannuspäivä", time.Saturday, time.June, 20),
		weekdayFrom("Pyhäinpäivä", time.Saturday, time.October, 31),
		fixed("Itsenäisyyspäivä", time.December, 6),
		fixed("Jouluaatto", time.December, 24).eveOf(),
		fixed("Joulupäivä", time.December, 25),
		fixed("Tapaninpäivä", time.December, 26),
	}
}

func germany() []rule {
	return []rule{
		fixed("Neujahr", time.January, 1),
		fromEaster("Karfreitag", -2),
		fromEaster("Ostermontag", 1),
		fixed("Tag der Arbeit", time.May, 1),
		fromEaster("Christi Himmelfahrt", 39),
		fromEaster("Pfingstmontag", 50),
		fixed("Tag der Deutschen Einheit", time.October, 3).from(1990),
		fixed("Reformationstag", time.October, 31).in(2017),
		fixed("Heiligabend", time.December, 24).eveOf(),
		fixed("1. Weihnachtstag", time.December, 25),
		fixed("2. Weihnachtstag", time.December, 26),
		fixed("Silvester", time.December, 31).eveOf(),
	}
}

func netherlands() []rule {
	return []rule{
		fixed("Nieuwjaarsdag", time.January, 1),
		fromEaster("Eerste paasdag", 0),
		fromEaster("Tweede paasdag", 1),
		fixed("Koninginnedag", time.April, 30).moved(0, -1).through(2013),
		fixed("Koningsdag", time.April, 27).moved(0, -1).from(2014),
		fixed("Bevrijdingsdag", time.May, 5),
		fromEaster("Hemelvaartsdag", 39),
		fromEaster("Eerste pinksterdag", 49),
		fromEaster("Tweede pinksterdag", 50),
		fixed("Eerste kerstdag", time.December, 25),
		fixed("Tweede kerstdag", time.December, 26),
		fixed("Oudejaarsdag", time.December, 31).eveOf(),
	}
}

func england() []rule {
	return []rule{
		fixed("New Year's Day", time.January, 1).substituted(2, 1),
		fromEaster("Good Friday", -2),
		fromEaster("Easter Monday", 1),
		weekdayFrom("Early May bank holiday", time.Monday, time.May, 1).exceptIn(2020),
		fixed("Early May bank holiday (VE Day)", time.May, 8).in(2020),
		weekdayFrom("Spring bank holiday", time.Monday, time.May, 25).exceptIn(2022),
		fixed("Spring bank holiday", time.June, 2).in(2022),
		fixed("Platinum Jubilee bank holiday", time.June, 3).in(2022),
		fixed("Bank Holiday for the State Funeral of Queen Elizabeth II", time.September, 19).in(2022),
		fixed("Bank holiday for the coronation of King Charles III", time.May, 8).in(2023),
		weekdayFrom("Summer bank holiday", time.Monday, time.August, 25),
		fixed("Christmas Day", time.December, 25).substituted(2, 2),
		fixed("Boxing Day", time.December, 26).substituted(2, 2),
	}
}
