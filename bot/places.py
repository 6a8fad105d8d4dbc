"""Countries by the names that people use for them, and some large cities and regions; for the emergency number only.

Two letters as in ISO 3166-1. A name that is also an ordinary word or a first name ("georgia", "jordan", "chad") is left out.
"""

from __future__ import annotations

import re

NAMES = {
    "GB": "united kingdom|great britain|britain|the uk|uk|england|scotland|wales|northern ireland|london|manchester|birmingham|glasgow|edinburgh|cardiff|belfast|leeds|liverpool|yorkshire|cornwall|devon|kent|bristol|sheffield|nottingham|newcastle|aberdeen|dundee|swansea|norwich|plymouth|southampton|leicester|cumbria|whitby|yorks|lancashire|norfolk|suffolk|essex|sussex|kendal",
    "IE": "republic of ireland|ireland|dublin|galway|limerick|cork|kerry|mayo|donegal|waterford|kilkenny|tipperary",
    "US": "usa|the us|united states|the states|america|texas|california|florida|new york|nyc|ohio|chicago|boston|seattle|colorado|buffalo|oregon|denver|los angeles|alabama|tennessee|montana|utah|michigan|wisconsin|minnesota|pennsylvania|arizona|kentucky|louisiana|philly|brooklyn|houston|atlanta|minneapolis|dallas|austin|phoenix|philadelphia|detroit|san diego|san francisco|portland oregon|las vegas|miami|maine|iowa|kansas|nebraska|oklahoma|arkansas|mississippi|missouri|indiana|illinois|wyoming|idaho|nevada|new mexico|new jersey|connecticut|massachusetts|vermont|new hampshire|north carolina|south carolina|north dakota|south dakota|west virginia|hawaii|alaska|maryland|delaware",
    "CA": "canada|ontario|toronto|vancouver|quebec|montreal|alberta|calgary|ottawa|british columbia|nova scotia|manitoba|saskatchewan|newfoundland|winnipeg|edmonton|halifax",
    "AU": "australia|sydney|melbourne|brisbane|perth|adelaide|queensland|tasmania|cairns|canberra|nsw|darwin|gold coast|hobart|geelong|ballarat|wagga|townsville|margaret river|new south wales",
    "NZ": "new zealand|auckland|christchurch|queenstown|aotearoa|dunedin|wellington|hamilton nz|rotorua|nelson nz|kaikoura",
    "IN": "india|mumbai|delhi|chennai|bangalore|bengaluru|kolkata|pune|kerala|hyderabad|gujarat|punjab|goa|tamil nadu|jaipur|ahmedabad|lucknow|surat|nagpur|nashik|indore|bhopal|kochi|cochin|patna|kanpur|coimbatore|madurai|mysore|mysuru|visakhapatnam|vizag|thane|vadodara|rajkot|ludhiana|amritsar|chandigarh|noida|gurgaon|assam|odisha|maharashtra|karnataka|bihar|rajasthan|mangalore|guwahati|ranchi",
    "ZA": "south africa|johannesburg|joburg|cape town|durban|pretoria|jo'burg|jozi|soweto|bloemfontein|port elizabeth|gqeberha|kwazulu",
    "DE": "germany|berlin|munich|bavaria|hamburg|cologne|frankfurt|bremen|stuttgart|dresden|leipzig|dusseldorf|düsseldorf|hannover", "FR": "france|paris|lyon|marseille|brittany", "ES": "spain|madrid|barcelona|mallorca|tenerife|valencia|seville|sevilla|malaga|bilbao",
    "IT": "italy|rome|milan|naples|sicily", "NL": "netherlands|holland|amsterdam|rotterdam", "BE": "belgium|brussels|antwerp", "AT": "austria|vienna", "CH": "switzerland|zurich|geneva|swiss|basel|bern|lausanne",
    "PT": "portugal|lisbon|porto", "SE": "sweden|stockholm|gothenburg", "NO": "norway|oslo|bergen", "DK": "denmark|copenhagen", "FI": "finland|helsinki", "IS": "iceland|reykjavik",
    "PL": "poland|warsaw|krakow|wrocław|wroclaw|gdansk|gdańsk|poznan|łódź", "CZ": "czech republic|czechia|prague", "HU": "hungary|budapest", "RO": "romania|bucharest", "GR": "greece|athens|crete", "HR": "croatia|zagreb",
    "BG": "bulgaria|sofia", "CY": "cyprus", "MT": "malta", "UA": "ukraine|kyiv", "TR": "turkey|istanbul", "EE": "estonia", "LV": "latvia", "LT": "lithuania", "SK": "slovakia", "SI": "slovenia",
    "NG": "nigeria|lagos|abuja|enugu|ibadan|kano|port harcourt|benin city|owerri|onitsha|warri|kaduna|ikeja|lekki|jos nigeria|aba nigeria|calabar|uyo", "KE": "kenya|nairobi|mombasa|nakuru|kisumu|eldoret|kitengela|iten|thika|naivasha", "GH": "ghana|accra|kumasi|tamale ghana|takoradi", "TZ": "tanzania|dar es salaam", "UG": "uganda|kampala|jinja|entebbe", "ZW": "zimbabwe|harare", "EG": "egypt|cairo",
    "PK": "pakistan|karachi|lahore|islamabad|multan|faisalabad|peshawar|rawalpindi|quetta|sialkot", "BD": "bangladesh|dhaka|chittagong|sylhet", "LK": "sri lanka|colombo", "NP": "nepal|kathmandu", "PH": "philippines|manila|cebu|davao|quezon|iloilo|baguio|makati|cavite|laguna|batangas|bacolod", "SG": "singapore", "MY": "malaysia|kuala lumpur|penang|johor",
    "ID": "indonesia|jakarta|bali", "TH": "thailand|bangkok|phuket", "VN": "vietnam|hanoi|saigon", "CN": "china|beijing|shanghai", "HK": "hong kong", "JP": "japan|tokyo|osaka", "KR": "south korea|korea|seoul",
    "AE": "uae|dubai|abu dhabi|united arab emirates", "SA": "saudi arabia|saudi|riyadh", "QA": "qatar|doha", "IL": "israel|tel aviv", "BR": "brazil|são paulo|sao paulo|rio de janeiro|rio|salvador brazil|brasilia", "MX": "mexico|monterrey|guadalajara|mexico city|cancun|tijuana",
    "AR": "argentina|buenos aires", "CL": "chile", "CO": "colombia|bogota", "JM": "jamaica|kingston|montego bay|mobay|ocho rios|st elizabeth|mandeville|portmore|spanish town", "TT": "trinidad|port of spain|tobago",
}  # fmt: skip
_CODES = {name: code for code, names in NAMES.items() for name in names.split("|")}
_ANY = "|".join(sorted((name for names in NAMES.values() for name in names.split("|")), key=len, reverse=True))
LIVES = re.compile(
    rf"\b(?:(?:i(?:'m| am)?|im|we|we're|we are|we)(?: \w+){{0,3}}? (?:live|lives|living|stay|staying|based|from|am|are|is|in|here|over)(?: \w+){{0,2}}? (?:in |from )?"
    rf"|(?:hello|hi|greetings|g'day|gday|hey|namaste|regards|writing|typing|here)(?: \w+){{0,3}}? (?:from|in) (?:a \w+ in )?|(?:^|[,.;(!] ?)(?:here )?(?:in|from|up in|down in|over in|back in) |^|(?:moved to|in|around|from) )(?:the land of )?(?P<place>{_ANY})\b(?! (?:marathon|strength|slam|sevens))"
)  # fmt: skip
AWAY = re.compile(r"\b(?:back|returned|flew|flown|flying|flight|landed|trip|holiday|journey)\b(?: \w+){0,3} (?:from|to|in)\b")
ALONE = re.compile(rf"(?:^|[.,!?;(] ?|\b\d{{2}} ?(?:yo?|f|m|yrs?|male|female|man|woman|lady)? ?)(?:(?!my|in|for|to|from)[a-z]+ ){{0,1}}(?P<place>{_ANY})(?=[.,!?;)]|$)")  # "43, Nairobi.", "60 lady mumbai."
ELSEWHERE = re.compile(r"\b(?:sister|brother|cousin|neighbour|aunt|uncle|injections?|surgery|made|done|bought|trip|holiday|flight|flew|match|marathon|race|born)(?: \w+)? ?$")
CALLED = re.compile(r"\bi (?:live|am) in (?:the )?(?P<word>eu|europe)\b")


def country(text: str) -> tuple[str, int, int] | None:
    """The country that the writer says to be in, and where that stands; `text` is in small letters."""
    match = LIVES.search(text) or ALONE.search(text)
    if match and not AWAY.search(text[max(0, match.start() - 25) : match.end()]) and not ELSEWHERE.search(text[max(0, match.start() - 25) : match.start()]):
        return _CODES[match["place"]], *match.span()
    match = CALLED.search(text)
    return ("EU", *match.span()) if match else None
