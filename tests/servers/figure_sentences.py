"""Sentences on which `check_figures` was built: braces are round the figures that are false.

What is right is what a careful writer makes of the facts; what is false is a wrong figure, or a right one tied to the
wrong thing.
"""

from servers.analysis.fact import Fact

# ruff: noqa: E501

SHOP = [
    Fact("orders", "rows", 49_812),
    Fact("first day", "date", "2025-01-01"),
    Fact("last day", "date", "2025-12-31"),
    Fact("revenue", "total", 4_812_345.5, "EUR"),
    Fact("revenue", "mean", 96.61, "EUR"),
    Fact("revenue", "median", 71.5, "EUR"),
    Fact("revenue", "maximum", 2_350.0, "EUR"),
    Fact("revenue", "minimum", 4.2, "EUR"),
    Fact("revenue", "missing", 120),
    Fact("quantity", "mean", 3.4),
    Fact("quantity", "total", 169_360),
    Fact("quantity", "maximum", 48),
    Fact("daily revenue", "mean", 13_184.5, "EUR"),
    Fact("daily revenue", "median", 12_900.0, "EUR"),
    Fact("daily revenue", "maximum", 41_220.0, "EUR", "2025-11-28"),
    Fact("daily revenue", "minimum", 2_105.0, "EUR", "2025-12-25"),
    Fact("daily revenue", "slope", 12.6, "EUR", "2025-01-01/2025-12-31"),
    Fact("daily revenue", "change", 42.3, "%", "2025-01-01/2025-12-31"),
    Fact("anomalies", "count", 3),
    Fact("daily revenue", "anomaly", 41_220.0, "EUR", "2025-11-28"),
    Fact("daily revenue", "expected", 14_010.0, "EUR", "2025-11-28"),
    Fact("daily revenue", "anomaly", 2_105.0, "EUR", "2025-12-25"),
    Fact("daily revenue", "expected", 15_300.0, "EUR", "2025-12-25"),
    Fact("daily revenue", "anomaly", 5_020.0, "EUR", "2025-06-17"),
    Fact("daily revenue", "expected", 12_950.0, "EUR", "2025-06-17"),
    *(
        Fact(f"daily revenue, weekday {day}", "mean", mean, "EUR")
        for day, mean in {
            "Monday": 15_020.0,
            "Tuesday": 13_400.0,
            "Wednesday": 13_150.0,
            "Thursday": 13_310.0,
            "Friday": 14_200.0,
            "Saturday": 12_030.0,
            "Sunday": 11_180.0,
        }.items()
    ),
    *(
        fact
        for region, total, share, change in [
            ("north", 1_924_938.0, 40.0, 12.4),
            ("south", 1_203_086.0, 25.0, -8.1),
            ("east", 866_222.0, 18.0, 3.2),
            ("west", 577_481.0, 12.0, 20.5),
            ("centre", 240_618.5, 5.0, -1.7),
        ]
        for fact in (
            Fact(f"revenue, region {region}", "total", total, "EUR"),
            Fact(f"revenue, region {region}", "share", share, "%"),
            Fact(f"revenue, region {region}", "change", change, "%", "2025-01-01/2025-12-31"),
        )
    ),
    *(
        Fact("revenue", "total", total, "EUR", f"2025-{month:02}")
        for month, total in enumerate(
            [
                330_100.0,
                310_400.0,
                352_700.0,
                371_900.0,
                384_300.0,
                345_870.0,
                392_000.0,
                401_600.0,
                423_475.5,
                441_000.0,
                560_200.0,
                498_800.0,
            ],
            1,
        )
    ),
    Fact("revenue", "change", -10.0, "%", "2025-06", "2025-05"),
    Fact("revenue", "change", 27.0, "%", "2025-11", "2025-10"),
    Fact("revenue", "correlation", 0.83, "", "", "quantity"),
    Fact("revenue", "correlation", -0.41, "", "", "discount"),
]

DESK = [
    Fact("requests", "rows", 365),
    Fact("latency_p95_ms", "mean", 214.3, "ms"),
    Fact("latency_p95_ms", "median", 180.0, "ms"),
    Fact("latency_p95_ms", "maximum", 812.0, "ms", "2025-03-04"),
    Fact("latency_p95_ms", "minimum", 96.0, "ms", "2025-08-10"),
    Fact("latency_p95_ms", "anomaly", 812.0, "ms", "2025-03-04"),
    Fact("latency_p95_ms", "expected", 210.0, "ms", "2025-03-04"),
    Fact("latency_p95_ms", "change", -15.2, "%", "2025-01-01/2025-12-31"),
    Fact("error_rate", "mean", 2.3, "%"),
    Fact("error_rate", "maximum", 9.8, "%", "2025-03-04"),
    Fact("incidents", "total", 412),
    Fact("incidents", "mean", 1.13),
    Fact("incidents", "maximum", 12, "", "2025-03-05"),
    Fact("incidents, severity 1", "count", 31),
    Fact("incidents, severity 2", "count", 124),
    Fact("incidents, severity 3", "count", 257),
    Fact("incidents, team web", "count", 206),
    Fact("incidents, team payments", "count", 137),
    Fact("incidents, team search", "count", 69),
    Fact("incidents, team web", "share", 50.0, "%"),
    Fact("incidents", "count", 20, "", "2025-02"),
    Fact("incidents", "count", 41, "", "2025-03"),
    Fact("incidents", "count", 30, "", "2025-04"),
    Fact("latency_p95_ms", "correlation", 0.72, "", "", "incidents"),
]

CAFE = [
    Fact("visits", "rows", 18_250),
    Fact("first day", "date", "2024-01-01"),
    Fact("last day", "date", "2024-12-31"),
    Fact("turnover", "total", 1_204_500.0, "GBP"),
    Fact("turnover", "mean", 66.0, "GBP"),
    Fact("turnover", "median", 58.0, "GBP"),
    Fact("turnover, branch Old Town", "total", 602_250.0, "GBP"),
    Fact("turnover, branch Old Town", "share", 50.0, "%"),
    Fact("turnover, branch Harbour", "total", 361_350.0, "GBP"),
    Fact("turnover, branch Harbour", "share", 30.0, "%"),
    Fact("turnover, branch Station", "total", 240_900.0, "GBP"),
    Fact("turnover, branch Station", "share", 20.0, "%"),
    Fact("turnover", "total", 250_000.0, "GBP", "2024-01-01/2024-03-31"),
    Fact("turnover", "total", 290_000.0, "GBP", "2024-04-01/2024-06-30"),
    Fact("turnover", "total", 345_500.0, "GBP", "2024-07-01/2024-09-30"),
    Fact("turnover", "total", 319_000.0, "GBP", "2024-10-01/2024-12-31"),
    Fact("turnover", "change", 16.0, "%", "2024-04-01/2024-06-30", "2024-01-01/2024-03-31"),
    Fact("temperature", "mean", 11.4, "°C"),
    Fact("temperature", "minimum", -6.5, "°C", "2024-01-18"),
    Fact("temperature", "maximum", 33.2, "°C", "2024-07-30"),
    Fact("waiting_time", "mean", 95.0, "s"),
    Fact("waiting_time", "maximum", 1_260.0, "s", "2024-08-10"),
    Fact("waiting_time", "median", 72.0, "s"),
    Fact("cancelled_share", "mean", 4.2, "%"),
    Fact("cancelled_share", "mean", 3.1, "%", "2024-06"),
    Fact("cancelled_share", "mean", 5.6, "%", "2024-12"),
    Fact("turnover", "correlation", 0.64, "", "", "temperature"),
    Fact("waiting_time", "correlation", -0.2, "", "", "turnover"),
    Fact("daily turnover", "anomaly", 9_870.0, "GBP", "2024-08-10"),
    Fact("daily turnover", "expected", 3_300.0, "GBP", "2024-08-10"),
    Fact("daily turnover", "anomaly", 0.0, "GBP", "2024-11-05/2024-11-06"),
    Fact("daily turnover", "expected", 3_100.0, "GBP", "2024-11-05/2024-11-06"),
    Fact("anomalies", "count", 2),
    Fact("daily turnover", "mean", 3_291.0, "GBP"),
    Fact("daily turnover, weekday Saturday", "mean", 5_020.0, "GBP"),
    Fact("daily turnover, weekday Sunday", "mean", 4_400.0, "GBP"),
    Fact("daily turnover, weekday Monday", "mean", 1_900.0, "GBP"),
]

WARD = [
    Fact("admissions", "rows", 8_640),
    Fact("first day", "date", "2023-07-01"),
    Fact("last day", "date", "2024-06-30"),
    Fact("stay_days", "mean", 4.6, "days"),
    Fact("stay_days", "median", 3.0, "days"),
    Fact("stay_days", "maximum", 61.0, "days"),
    Fact("stay_days", "missing", 0),
    Fact("cost", "total", 21_600_000.0, "USD"),
    Fact("cost", "mean", 2_500.0, "USD"),
    Fact("cost", "median", 1_890.0, "USD"),
    Fact("cost", "maximum", 88_400.0, "USD"),
    Fact("cost, ward 1", "total", 9_936_000.0, "USD"),
    Fact("cost, ward 2", "total", 6_480_000.0, "USD"),
    Fact("cost, ward 3", "total", 5_184_000.0, "USD"),
    Fact("cost, ward 1", "share", 46.0, "%"),
    Fact("cost, ward 2", "share", 30.0, "%"),
    Fact("cost, ward 3", "share", 24.0, "%"),
    Fact("admissions, ward 1", "count", 3_456),
    Fact("admissions, ward 2", "count", 2_880),
    Fact("admissions, ward 3", "count", 2_304),
    Fact("admissions", "count", 655, "", "2023-12"),
    Fact("admissions", "count", 910, "", "2024-01"),
    Fact("admissions", "count", 728, "", "2024-02"),
    Fact("admissions", "change", 38.9, "%", "2024-01", "2023-12"),
    Fact("admissions", "change", -20.0, "%", "2024-02", "2024-01"),
    Fact("daily admissions", "mean", 23.6),
    Fact("daily admissions", "maximum", 58, "", "2024-01-08"),
    Fact("daily admissions", "anomaly", 58, "", "2024-01-08"),
    Fact("daily admissions", "expected", 27.5, "", "2024-01-08"),
    Fact("daily admissions", "slope", 0.014, "", "2023-07-01/2024-06-30"),
    Fact("daily admissions", "change", 22.0, "%", "2023-07-01/2024-06-30"),
    Fact("age", "mean", 57.3, "years"),
    Fact("age", "minimum", 0, "years"),
    Fact("age", "maximum", 101, "years"),
    Fact("age", "correlation", 0.35, "", "", "stay_days"),
    Fact("anomalies", "count", 1),
    Fact("readmission_rate", "mean", 7.5, "%"),
    Fact("readmission_rate, ward 1", "mean", 6.0, "%"),
    Fact("readmission_rate, ward 2", "mean", 9.0, "%"),
    Fact("readmission_rate, ward 3", "mean", 8.0, "%"),
]

OF_SHOP = r"""
Total revenue was 4,812,345.50 EUR in 2025.
Revenue came to about 4.8 million EUR.
Revenue came to {5.8 million EUR} over the year.
The table has 49,812 rows, of which 120 have no value for revenue.
The table has {48,912} rows.
Almost 50,000 orders were recorded.
The mean revenue is {71.50 EUR} and the median {96.61 EUR}.
The average order brought 96.61 EUR, the median 71.50 EUR and the largest 2,350 EUR.
The median order brought {96.61 EUR}.
North earned 1.92 million EUR, 40 % of all revenue.
South earned {1.92 million EUR}.
North, South and East earned 1.92M, 1.20M and 0.87M EUR respectively.
North, South and East earned {1.20M}, {1.92M} and 0.87M EUR respectively.
North (1.92M) is well ahead of South (1.20M).
North (1.92M) is well ahead of South ({1.02M}).
A quarter of revenue came from the South, and 40 percent from the North.
{A third} of revenue came from the South, and {50 percent} from the North.
North and South together account for 65 % of revenue.
North and South together account for {75 %} of revenue.
The remaining 35 % came from East, West and Centre.
Two fifths of revenue came from the North.
North earned about 722,000 EUR more than South.
South earned {722,000 EUR} more than North.
The gap between North and South is 721,852 EUR.
The gap between North and South is {821,852 EUR}.
North earned eight times as much as Centre.
North earned {twelve times} as much as Centre.
West earned 2.4 times as much as Centre.
North's revenue grew 12.4 %, while South's fell 8.1 %.
North's revenue grew {8.1 %}, while South's fell {12.4 %}.
North's revenue {fell 12.4 %}.
Revenue in the West rose by 20.5 %, the most of all regions.
Revenue in the West rose by a fifth.
Three of five regions grew.
{Four of five} regions grew.
Two of the five regions shrank.
All five regions are in the data.
All {six} regions are in the data.
North is the largest region with 1,924,938 EUR, Centre the smallest with 240,618.50 EUR.
South is the second-largest region.
South is the {third-largest} region.
West ranks fourth.
Daily revenue averaged 13,184.50 EUR.
Daily revenue averaged {12,900 EUR}.
Revenue was 13.2k EUR a day on average.
On average, daily revenue was just over 13,000 EUR.
Daily revenue peaked at 41,220 EUR on 28 November 2025.
Daily revenue peaked at 41,220 EUR on {29 November 2025}.
Daily revenue peaked at {41,220 EUR} on {25 December}.
On November 28th, revenue reached 41,220 EUR, nearly three times the expected 14,010 EUR.
On November 28th, revenue reached 41,220 EUR, nearly {five times} the expected 14,010 EUR.
On 2025-12-25 revenue dropped to 2,105 EUR, against an expected 15,300 EUR.
On 2025-12-25 revenue dropped to 2,105 EUR, against an expected {14,010 EUR}.
On 2025-12-25 revenue {jumped to 2,105 EUR}.
Revenue on 25 December was 86 % below the expected value.
Revenue on 25 December was {68 %} below the expected value.
There were three anomalies.
There were {four} anomalies.
We found 3 outliers: 17 June, 28 November and 25 December.
We found 3 outliers: {18 June}, 28 November and 25 December.
The lowest day was 25 December, with 2,105 EUR.
The lowest day was {24 December}, with 2,105 EUR.
Revenue grew by 12.60 EUR a day.
Revenue grew by {16.20 EUR} a day.
Daily revenue rose 42 % over the year.
Daily revenue rose {24 %} over the year.
Daily revenue {fell 42 %} over the year.
Mondays are the busiest, with 15,020 EUR on average.
{Fridays} are the busiest, with 15,020 EUR on average.
Mondays bring 15,020 EUR on average and Sundays 11,180 EUR.
Mondays bring {11,180 EUR} on average and Sundays {15,020 EUR}.
Sundays are weakest at 11.2k EUR.
On Mondays revenue was 14 % above the daily average.
On Mondays revenue was {41 %} above the daily average.
Revenue was 345,870 EUR in June, 10 % less than in May.
Revenue was 345,870 EUR in June, {20 %} less than in May.
Revenue was {345,870 EUR} in {July}.
Revenue in June was 10 % lower than in May.
Revenue in June was {10 % higher} than in May.
Compared with May, June's revenue was 10 % lower.
Revenue fell from 384,300 EUR in May to 345,870 EUR in June.
Revenue fell from {345,870 EUR} in May to {384,300 EUR} in June.
Revenue {rose from 384,300 EUR in May to 345,870 EUR} in June.
Revenue rose 27 % in November.
Revenue rose {27 %} in {October}.
November was the best month with 560,200 EUR.
{October} was the best month with 560,200 EUR.
February was the weakest month at 310,400 EUR.
Revenue rose from 330,100 EUR in January to 498,800 EUR in December.
Revenue rose from 330,100 EUR in January to {598,800 EUR} in December.
Revenue increased by about half between January and December.
In the first quarter revenue was 993,200 EUR.
In the second quarter revenue was {993,200 EUR}.
Q1 brought 993,200 EUR.
In November and December together, revenue was 1,059,000 EUR.
December was 61,400 EUR below November.
December was {71,400 EUR} below November.
Revenue and quantity correlate with a coefficient of 0.83.
Revenue and quantity correlate with a coefficient of {0.41}.
The correlation between revenue and discount is -0.41.
The correlation between revenue and discount is {0.41}.
Revenue and discount show a negative correlation of 0.41.
Customers bought 3.4 items per order on average, so quantity has a mean of 3.4.
The mean quantity is {4.3}.
The total quantity was 169,360.
The maximum quantity was 48 and the total {196,360}.
Total revenue was {4,812,345 USD}.
Total revenue was €4.8M.
Total revenue was {4.8 billion EUR}.
The data covers 365 days, from 1 January to 31 December 2025.
The data covers {465 days}.
The data runs from 1 January 2025 to {30 November 2025}.
Missing values: 120 (0.24 % of all rows).
Missing values: {210}.
One hundred and twenty orders have no revenue.
The smallest order was 4.20 EUR.
The largest order was {4.20 EUR}.
More than 1.9 million EUR came from the North.
More than {2 million EUR} came from the North.
Less than a tenth of revenue came from Centre.
Between 40 % and {50 %} of revenue came from the South.
Revenue was 4.812.345,50 EUR.
Revenue was 4 812 345 EUR.
Revenue was {4 821 345 EUR}.
Hundreds of thousands of items were sold: the total quantity is 169,360.
We hired {25} new people.
The target for next year is {6 million EUR}.
Revenue was not {4.8 million EUR}.
Step 2 is to look at the p95 of 2025.
1. North leads with 40 %.\n2. South follows with 25 %.\n3. East has {81 %}.
| Region | Share | Revenue |\n|---|---|---|\n| North | 40 % | 1.92M |\n| South | 25 % | 1.20M |
| Region | Share | Revenue |\n|---|---|---|\n| North | {25 %} | 1.92M |\n| South | {40 %} | 1.20M |
**North** earned **1.92 million** EUR.
Revenue was {4\u200b812 345} EUR.
Revenue was {\uff14\uff18} EUR.
North holds {4O %}.
North holds {\u0664\u0660 %}.
North holds {4**0** %}.
East holds 18 % and West 12 %, so East is 6 percentage points ahead.
East holds 18 % and West 12 %, so East is {8 percentage points} ahead.
West earned 577,481 EUR. It grew by 20.5 %.
West earned 577,481 EUR. It grew by {12.4 %}.
Revenue peaked on 28 November at 41,220 EUR. The next day it was {39,000 EUR}.
North had the highest revenue (1.92M EUR).
South had the highest revenue ({1.20M EUR}).
Friday is the second-best weekday.
The strongest month, November, brought 560,200 EUR.
Revenue per order was 97 EUR on average.
From January to June, revenue was 2,095,270 EUR.
Over the first half of 2025, revenue was {2.9 million EUR}.
Sales in 2025 amounted to EUR 4.81m, spread over 49,812 orders.
With 40 per cent of turnover, the North is by far the biggest region; the South follows at 25 per cent.
With {25 per cent} of turnover, the North is by far the biggest region; the South follows at {40 per cent}.
Revenue climbed to EUR 560,200 in November from EUR 441,000 in October.
Revenue climbed to {EUR 498,800} in November from EUR 441,000 in October.
November's revenue of 560,200 EUR was 119,200 EUR above October's.
November's revenue of 560,200 EUR was {219,200 EUR} above October's.
December saw a decline of roughly 11 % from November.
December saw {an increase of roughly 11 %} from November.
There is a pronounced weekly pattern: Mondays average 15,020 EUR, whereas Sundays average only 11,180 EUR, i.e. about a quarter less.
There is a pronounced weekly pattern: Mondays average 15,020 EUR, whereas Sundays average only 11,180 EUR, i.e. about {half} less.
Three days stand out.
On Black Friday (28 November), takings hit 41,220 EUR instead of the expected 14,010 EUR.
On Black Friday (28 November), takings hit 41,220 EUR instead of the expected {15,300 EUR}.
On 17 June, revenue was just 5,020 EUR, 61 % lower than expected.
On 17 June, revenue was just 5,020 EUR, {41 %} lower than expected.
On 17 June, revenue was just {2,105 EUR}.
Christmas Day (25.12.2025) had the lowest revenue of the year, at 2,105 EUR.
Christmas Day (25.12.2025) had the lowest revenue of the year, at {5,020 EUR}.
The West grew fastest, by 20.5 percent, and the South shrank by 8.1 percent.
The West grew fastest, by {12.4 percent}, and the South shrank by 8.1 percent.
The South shrank by {20.5 percent}.
East is responsible for 18 % of revenue, Centre for 5 %.
East is responsible for {12 %} of revenue, Centre for 5 %.
The top two regions, North and South, make up 65 % of revenue.
Order values range from 4.20 to 2,350 EUR.
Order values range from 4.20 to {3,250 EUR}.
An order is worth 96.61 EUR on average, but the median is only 71.50 EUR.
0.24 % of the orders lack a revenue.
{2.4 %} of the orders lack a revenue.
Revenue and quantity are strongly correlated (0.83), while discounts are negatively correlated with revenue (-0.41).
Revenue is strongly correlated with discount ({0.83}).
Revenue in the first half of the year came to about 2.1 million EUR.
Revenue in the second half came to about 2.7 million EUR.
Revenue in the second half came to about {2.1 million EUR}.
Q4 was the strongest quarter, with exactly 1.5 million EUR.
Q4 was the strongest quarter, with {1.2 million EUR}.
Between May and June, revenue dropped by 38,430 EUR.
Between May and June, revenue dropped by {58,430 EUR}.
From September to October revenue edged up 4 %.
From September to October revenue edged up {14 %}.
The best day brought in 41,220 EUR, almost twenty times the worst one.
The best day brought in 41,220 EUR, almost {forty times} the worst one.
The average quantity per order is 3.4, and the largest order had 48 items.
Daily revenue trended upward by about 13 EUR per day, or 42 % over the whole year.
Daily revenue trended {downward by about 13 EUR per day}.
The five regions differ widely: from 240,618.50 EUR (Centre) to 1,924,938 EUR (North).
Only 5 % of revenue is earned in the Centre.
Only {5 %} of revenue is earned in the West.
One region, the West, grew by more than 20 %.
Growth in the East was a modest 3.2 %.
Growth in the East was {20.5 %}.
Revenue in March: 352,700 EUR.
Revenue in {April: 352,700 EUR}.
- North: 1,924,938 EUR (40.0 %)
- North: {1,203,086 EUR} ({25.0 %})
Every weekday brings more than 11,000 EUR.
Total: 4.8M EUR; daily average: 13.2k EUR; peak: 41.2k EUR.
Total: 4.8M EUR; daily average: {41.2k EUR}; peak: {13.2k EUR}.
The peak of 41,220 EUR on 28 November was followed by a trough of 2,105 EUR on 25 December.
The peak of {2,105 EUR} on 28 November was followed by a trough of {41,220 EUR} on 25 December.
In August, revenue passed the 400,000 EUR mark for the first time, at 401,600 EUR.
Revenue {almost doubled} on 28 November compared with {29 November}.
That is nearly 4.9 million EUR in total.
That is {nearly 4.2 million EUR} in total.
"""

OF_DESK = r"""
The mean p95 latency was 214 ms, the median 180 ms and the maximum 812 ms.
The mean p95 latency was {180 ms}, the median {214 ms} and the maximum 812 ms.
Latency peaked at 0.81 s on 4 March.
Latency peaked at {812 s} on 4 March.
Latency peaked at 812 ms on {5 March}.
On Tuesday, 4 March 2025, latency hit 812 ms; the next day saw 12 incidents.
On {Wednesday, 4 March 2025}, latency hit 812 ms.
On 4 March latency was almost four times the expected 210 ms.
Latency jumped to 812 ms on March 4, 602 ms above the expected value.
Latency jumped to 812 ms on March 4, {502 ms} above the expected value.
Latency ranged from 96 ms to 812 ms.
Latency ranged from {69 ms} to 812 ms.
Latency fell by 15 % over the year.
Latency {rose by 15 %} over the year.
Latency {fell by 51 %} over the year.
The error rate averaged 2.3 % and peaked at 9.8 % on 4 March 2025.
The error rate averaged {9.8 %} and peaked at {2.3 %}.
Error rates were 2.3 percent on average.
There were 412 incidents, about 1.1 a day.
There were {421} incidents.
Four hundred and twelve incidents were reported.
Severity 1 incidents numbered 31, severity 2 incidents 124.
Severity 1 incidents numbered {124}.
Half of all incidents belong to the web team.
A third of all incidents belong to the payments team.
{Two thirds} of all incidents belong to the payments team.
Web, payments and search had 206, 137 and 69 incidents.
Web, payments and search had {137}, {206} and 69 incidents.
The web team had 206 incidents, three times as many as search.
The web team had 206 incidents, {five times} as many as search.
Incidents doubled from 20 in February to 41 in March.
Incidents {tripled} from 20 in February to 41 in March.
In March there were 41 incidents, 21 more than in February.
In March there were 41 incidents, {31 more} than in February.
In April there were {41} incidents.
Incidents fell from 41 in March to 30 in April, a drop of 27 %.
Incidents fell from 41 in March to 30 in April, a drop of {37 %}.
Latency and incidents are correlated (r = 0.72).
Latency and incidents are correlated (r = {0.27}).
The largest number of incidents on one day was 12, on 5 March.
The minimum latency, 96 ms, was measured on 10 August.
The minimum latency, 96 ms, was measured on {10 September}.
Ticket INC-1042 was about HTTP 500 errors.
Latency was {214 EUR}.
Incidents totalled {214}.
Latency stayed under 100 ms at its lowest.
Latency never exceeded {812 ms}.
Over the year the team handled 412 incidents, of which 31 were of severity 1.
Over the year the team handled 412 incidents, of which {124} were of severity 1.
P95 latency averaged 214 milliseconds, with a worst value of 812 milliseconds on 4 March.
P95 latency averaged {0.214 ms}, with a worst value of 812 milliseconds on 4 March.
The spike of 4 March (812 ms against 210 ms expected) coincided with an error rate of 9.8 %.
The spike of 4 March (812 ms against {180 ms} expected) coincided with an error rate of {2.3 %}.
The day after the spike of 4 March, 12 incidents were reported.
Web is the team with the most incidents (206), search the one with the fewest (69).
Search is the team with the most incidents ({69}).
Payments accounts for 33 % of the incidents.
Payments accounts for {50 %} of the incidents.
Web and payments together had 343 incidents.
Web and payments together had {433} incidents.
Severity 3 makes up 62 % of all incidents.
Severity 3 makes up {26 %} of all incidents.
Severity 2 incidents are four times as frequent as severity 1 incidents.
Severity 2 incidents are {eight times} as frequent as severity 1 incidents.
Latency improved by 15.2 percent during 2025.
The median of 180 ms is 34 ms below the mean.
The median of 180 ms is {34 ms above} the mean.
In February, March and April there were 20, 41 and 30 incidents, 91 in all.
In February, March and April there were {41}, {20} and 30 incidents.
The number of incidents more than doubled in March.
The number of incidents {more than doubled} in April.
Errors averaged 2.3 %, with a high of 9.8 %.
Latency is correlated with incidents at 0.72.
The best latency was 96 ms, measured on 10 August, a Sunday.
The best latency was 96 ms, measured on 10 August, a {Monday}.
On 10 August latency was at its lowest, 96 ms.
"""

OF_CAFE = r"""
Turnover for 2024 was £1.2m, or £3,291 a day.
Turnover for 2024 was {£1.4m}, or £3,291 a day.
Old Town alone made £602,250, exactly half of the total.
Old Town alone made {£361,350}, {a third} of the total.
Half of turnover is made in Old Town, three tenths in Harbour and a fifth in Station.
Harbour's share is 30 %, that of Station 20 %: a difference of ten percentage points.
Harbour's share is 30 %, that of Station 20 %: a difference of {ten percent}.
Harbour's share is 30 %, that of Station 20 %: a difference of {fifteen percentage points}.
Old Town takes two and a half times as much as Station.
Old Town takes {one and a half times} as much as Station.
Harbour earned 120,450 GBP more than Station.
Harbour earned {120,450 GBP less} than Station.
Harbour and Station together come to 602,250 GBP, as much as Old Town.
Harbour and Station together come to {702,250 GBP}.
Turnover rose from 250,000 GBP in the first quarter to 345,500 GBP in the third, then slipped to 319,000 GBP in the fourth.
Turnover rose from 250,000 GBP in the first quarter to {319,000 GBP} in the third quarter.
Q3 was the best quarter with £345.5k; Q1 the weakest with £250k.
Q3 was the best quarter with {£319k}; Q1 the weakest with £250k.
Turnover grew 16 % in the second quarter.
Turnover grew {16 %} in the third quarter.
Turnover {shrank 16 %} in the second quarter.
From Q3 to Q4 turnover fell by 7.7 %, or £26,500.
From Q3 to Q4 turnover fell by {8.9 %}, or {£36,500}.
In the second half of the year turnover reached £664,500.
In the second half of the year turnover reached {£540,000}.
The coldest day was 18 January at \u22126.5 °C, the hottest 30 July at 33.2 °C.
The coldest day was 18 January at {6.5 °C}, the hottest 30 July at 33.2 °C.
The temperature ranged from -6.5 to 33.2 degrees.
Temperatures averaged 11.4 °C.
Temperatures averaged {14.1 °C}.
Customers waited 95 seconds on average, a little over a minute and a half.
Customers waited {95 minutes} on average.
The longest wait was 21 minutes, on Saturday 10 August 2024.
The longest wait was {31 minutes}, on Saturday 10 August 2024.
The longest wait was 21 minutes, on {Sunday 10 August 2024}.
The median waiting time is 1.2 minutes.
The median waiting time is {1.6 minutes}.
On 10 August turnover tripled to £9,870 against an expected £3,300.
On 10 August turnover {doubled} to £9,870 against an expected £3,300.
On 10 August turnover was £6,570 above what was expected.
On 10 August turnover was {£5,570} above what was expected.
On 5 and 6 November turnover was zero.
On 5 and 7 November turnover was {zero}.
From 5 to 6 November there was no turnover at all, where 3,100 GBP a day was expected.
Two anomalies were found.
{Five} anomalies were found.
The cancelled share rose from 3.1 % in June to 5.6 % in December, up 2.5 percentage points.
The cancelled share rose from 3.1 % in June to 5.6 % in December, up {2.5 percent}.
The cancelled share rose from 3.1 % in June to 5.6 % in December, up 81 percent.
The cancelled share was 4.2 % on average.
The cancelled share was {5.6 %} on average.
Saturdays bring 5,020 GBP, more than twice as much as Mondays.
Saturdays bring 5,020 GBP, {more than three times} as much as Mondays.
Mondays bring {5,020 GBP}.
Saturday and Sunday average 5,020 and 4,400 GBP.
Saturday and Sunday average {4,400} and {5,020 GBP}.
Sundays are the second-best day of the week.
{Sundays} are the best day at 4,400 GBP.
Turnover correlates with temperature at 0.64.
Turnover correlates with waiting time at {0.64}.
Waiting time and turnover correlate at \u22120.2.
The three branches made 1.2 million pounds.
The {four} branches made 1.2 million pounds.
18,250 visits were recorded, 50 a day.
18,250 visits were recorded, {70} a day.
Visitors numbered {12,850}.
Each visit was worth £66 on average; half of them stayed below £58.
Each visit was worth {£58} on average.
Station comes last with 20 % of turnover.
Harbour ranks second with £361,350.
Harbour ranks {third} with £361,350.
The analysis spans twelve months, from January to December 2024.
The analysis spans 366 days.
The analysis spans {265 days}.
Compared with the first quarter, turnover in the fourth was 27.6 % higher.
Compared with the first quarter, turnover in the fourth was {37.6 %} higher.
Turnover exceeded £340,000 in the third quarter.
Turnover exceeded {£350,000} in the third quarter.
Roughly 1.2 million pounds, or about 100,000 a month, went through the tills.
A visit lasted {45 minutes}.
"""

OF_WARD = r"""
The hospital recorded 8,640 admissions between 1 July 2023 and 30 June 2024, an average of 23.6 per day.
The hospital recorded {8,460} admissions between 1 July 2023 and 30 June 2024.
Costs totalled 21.6 million dollars, i.e. $2,500 per admission.
Costs totalled {26.1 million dollars}, i.e. $2,500 per admission.
At $9.9 million, ward 1 accounts for nearly half of all costs (46 %).
At $9.9 million, ward 2 accounts for {nearly half} of all costs ({46 %}).
Ward 2 follows with 30 % and ward 3 with 24 %.
Ward 2 follows with {24 %} and ward 3 with {30 %}.
Ward 1 costs 1.5 times as much as ward 2.
Ward 1 costs {2.5 times} as much as ward 2.
Patients stayed 4.6 days on average; the median stay was three days.
Patients stayed {three days} on average; the median stay was {4.6 days}.
The longest stay lasted 61 days, almost nine weeks.
The longest stay lasted {16 days}.
Admissions jumped 38.9 % in January 2024, from 655 to 910.
Admissions jumped {28.9 %} in January 2024, from 655 to 910.
In February admissions declined by a fifth to 728.
In February admissions {climbed by a fifth} to 728.
January's 910 admissions were the highest monthly figure, 255 above December's.
January's 910 admissions were the highest monthly figure, {155} above December's.
On Monday, 8 January 2024, there were 58 admissions, more than twice the expected 27.5.
On {Tuesday, 8 January 2024}, there were 58 admissions, more than twice the expected 27.5.
On 8 January 2024, {85} patients were admitted.
The number of daily admissions reached a record 58 on 8 January.
The number of daily admissions reached a record 58 on {9 January}.
Readmission rates differ by ward: 6 % in ward 1, 9 % in ward 2 and 8 % in ward 3.
Readmission rates differ by ward: {9 %} in ward 1, {6 %} in ward 2 and 8 % in ward 3.
Ward 2 has the highest readmission rate at 9 %, three percentage points above ward 1.
Ward 3 has the highest readmission rate at {9 %}.
Ward 2 has the highest readmission rate at 9 %, {five percentage points} above ward 1.
The readmission rate is 7.5 percent overall.
The readmission rate is {5.7 percent} overall.
Patients were 57 years old on average, the oldest 101.
Patients were {75} years old on average, the oldest 101.
Age and length of stay are weakly correlated (r = 0.35).
Age and length of stay are weakly correlated (r = {0.53}).
Only one anomaly was detected.
{Three} anomalies were detected.
No stay is missing: the column has 0 empty values.
Ward 1 had 3,456 admissions, 40 % of all.
Ward 1 had {2,880} admissions.
Ward 3 had 2,304 admissions, a third fewer than ward 1.
Ward 3 had 2,304 admissions, {half as many} as ward 1.
Wards 2 and 3 together had 5,184 admissions.
Wards 2 and 3 together had {6,184} admissions.
Over the twelve months daily admissions rose by 22 %.
Over the twelve months daily admissions rose by {32 %}.
Daily admissions grew by 0.014 a day.
The most expensive admission cost 88,400 USD, thirty-five times the mean.
The most expensive admission cost {84,800 USD}.
The mean cost exceeds the median of $1,890 by $610.
The mean cost exceeds the median of $1,890 by {$910}.
Cost: total $21,600,000; mean $2,500; median $1,890.
Cost: total $21,600,000; mean {$1,890}; median {$2,500}.
## Findings\n\n* Ward 1: **$9,936,000** (46.0 %)\n* Ward 2: **$6,480,000** (30.0 %)
## Findings\n\n* Ward 1: **{$6,480,000}** (46.0 %)\n* Ward 2: **{$9,936,000}** (30.0 %)
| Ward | Cost | Share | Admissions |\n|:--|--:|--:|--:|\n| 1 | $9,936,000 | 46 % | 3,456 |\n| 2 | $6,480,000 | 30 % | 2,880 |
Admissions fell in February after a peak in January.
Admissions {rose in February} after a peak in January.
February saw 182 fewer admissions than January.
February saw {282 fewer} admissions than January.
The two busiest months were January with 910 and February with 728.
"""
