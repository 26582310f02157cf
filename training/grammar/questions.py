"""More ways to put the questions of each subject: a question that was never seen should not change the answer.

None of them may come near a held-out question; `tests/models/test_tiny_training.py` holds them to it.
"""

# ruff: noqa: E501 - a template reads best on one line

from __future__ import annotations

from random import Random

from training.grammar.template import Template, templates

_CODE = "[this|the following|the given|my] [code|function|snippet|Python code|Python function|module|piece of code]"
_DO = "[Review|Check|Examine|Inspect|Go through|Look over|Read|Scan|Analyse|Analyze|Assess]"
_PAPERS = (
    "[these|the following|the listed|all these] [papers|abstracts|articles|publications|works|papers and abstracts]"
)
_PAPER = "[this|the following] [paper|abstract|article|publication|work]"
_TEXT = "[this|the following|the] [text|article|document|passage|message|report|paragraph|note]"
_LINE = "[this|the following|the] [log line|log entry|log message|error|line|error message|event]"
_LINES = "[these|the following] [logs|log lines|log entries|lines|messages]"

WORDINGS: dict[str, list[Template]] = {
    "security": templates(f"""
{_DO} {_CODE} for [security|safety] [problems|issues|risks|holes|faults|flaws][.|:|, please.]
{_DO} {_CODE} and [report|list|give me] [all|the] [security|safety] [problems|issues|risks|findings][.|:]
Which [security|safety] [problems|issues|holes|flaws|risks] [are there|do you find|can you see] in {_CODE}?
[Is|Would you call] {_CODE} [secure|safe][ to run| enough|]?
[What|Which line] is [dangerous|unsafe|insecure|risky] [here|in {_CODE}]?
[Report|Show me|Give me|Point out] [all|the|any] [vulnerabilities|security findings|security mistakes][ in {_CODE}|]:
[Please do|I need|Do] a [security|safety] [check|analysis|review] of {_CODE}[.|:]
"""),
    "performance": templates(f"""
{_DO} {_CODE} for [performance|speed|efficiency] [problems|issues|bottlenecks|faults][.|:|, please.]
{_DO} {_CODE} and [report|list|give me] [all|the] [performance|speed] [problems|issues|findings][.|:]
Which [performance|speed|efficiency] [problems|issues|bottlenecks] [are there|do you find|can you see] in {_CODE}?
[Is|Would you call] {_CODE} [fast|efficient][ enough|]?
[What|Which line] is [slow|inefficient|costly|expensive] [here|in {_CODE}]?
[Report|Show me|Give me|Point out] [all|the|any] [bottlenecks|performance findings|slow lines][ in {_CODE}|]:
[Please do|I need|Do] a performance [check|analysis|review] of {_CODE}[.|:]
How can {_CODE} [be made faster|become faster|run faster|take less time]?
"""),
    "all": templates(f"""
{_DO} {_CODE}[ and list what is wrong| and give your findings| thoroughly|, please|][.|:]
[What|Which] [problems|issues|faults|mistakes|weaknesses] do you [see|find|notice] in {_CODE}?
[Give|Write] [feedback|findings|comments] on {_CODE}[.|:]
[Are there any|Do you see any] [problems|issues|faults|mistakes] in {_CODE}?
[What is wrong|What could be better] [here|in {_CODE}]?
"""),
    "synthesis": templates(f"""
[Synthesize|Summarize|Summarise|Sum up|Review|Combine|Condense|Digest] {_PAPERS}[: findings, gaps, directions.| with key findings, gaps and directions.| in one synthesis.|.|:]
Tell me what {_PAPERS} [find|show|report|say], what is missing and what should [follow|be studied next].
Write [a synthesis|an overview|a literature review|a short survey|a digest] of {_PAPERS}[.|:]
[Give|List|State] the [key|main|most important] findings, the [research|open|remaining] gaps and [future|possible|new] directions of {_PAPERS}[.|:]
[Which findings, gaps and directions|Which results, gaps and next steps] do {_PAPERS} [hold|have|name]?
"""),
    "findings": templates(f"""
[What|Which] are the [key|main|most important] [findings|results] of {_PAPERS}?
[Give|List|State|Collect] the [key|main|most important|] [findings|results] of {_PAPERS}[.|:]
What do {_PAPERS} [find|show|report]?
"""),
    "gaps": templates(f"""
[Which|What] [research gaps|gaps|limits|limitations] [remain in|do you see in|are left by] {_PAPERS}?
[Give|List|State|Collect] the [research gaps|gaps|limits|limitations] of {_PAPERS}[.|:]
What is [missing|not covered|not answered] in {_PAPERS}?
"""),
    "directions": templates(f"""
[Which|What] [future directions|directions|next steps] follow from {_PAPERS}?
[Give|List|Propose|Suggest] [future directions|directions for research|next steps] after {_PAPERS}[.|:]
Where should research go after {_PAPERS}?
"""),
    "one paper": templates(f"""
[Summarize|Summarise|Sum up|Condense|Explain|Describe] {_PAPER} [in one sentence|briefly|in a sentence|in a few words|in short][.|:]
What [is|was] the [main|key|central] [result|finding|message|contribution] of {_PAPER}?
What does {_PAPER} [show|report|say|find|conclude|present]?
[Which|What] [method|approach] does {_PAPER} [use|propose|present], and with which result?
[Give|Write] a [one-sentence|short|brief] summary of {_PAPER}[.|:]
"""),
    "summary": templates(f"""
[Summarize|Summarise|Sum up|Recap] {_TEXT}[ briefly| in one or two sentences| in two sentences| in a sentence|, please|][.|:]
[Give me|Write|Make|Provide] a [short |brief |concise |][summary|recap] of {_TEXT}[.|:]
[What does|In short, what does|In a nutshell, what does] {_TEXT} say?
What [is said|is reported|happened] in {_TEXT}?
[Summary|Short summary|A summary, please][:|.]
"""),
    "key-points": templates(f"""
[List|Extract|Give|Collect|Pick out|Write down|Show me] [the|all the] [key|main|most important|central] [points|facts|statements|takeaways] [of|from|in] {_TEXT}[ as a list| as bullet points|, one per line|][.|:]
[What|Which] are the [key|main|central] [points|facts|statements] [of|in] {_TEXT}?
[A list of the main points|Key facts|Takeaways|The main points][, please|][:|.]
[Turn|Condense] {_TEXT} into [a list of points|key points|bullet points][.|:]
"""),
    "entities": templates(f"""
[List|Extract|Find|Give|Show|Collect|Pick out] [all|the|all the] [named entities|names|people, places, organizations and dates|entities] [in|of|from] {_TEXT}[.|:]
Which [people, places, organizations and dates|named entities|names] [are in|occur in|stand in|appear in] {_TEXT}?
[Entities|People, places, organizations, dates][, please|][:|.]
"""),
    "full": templates(f"""
[Explain|Interpret|Analyse|Analyze|Diagnose|Describe|Clarify] {_LINE}[ in plain English| in simple terms| to me| for a beginner| for a newcomer|, please|][.|:]
What [happened|went wrong|is the problem|is the matter] [here|in {_LINE}|according to {_LINE}]?
What does {_LINE} [mean|tell me]?
[Why do I see|Why did I get|Why is there] {_LINE}?
[Help me with|I need help with|Can you explain|Could you explain] {_LINE}[.|?|:]
"""),
    "one": templates(f"""
[Explain|Summarize|Summarise|Describe|Interpret|Sum up] {_LINE} [in one sentence|in a sentence|briefly|concisely|in one short sentence][.|:]
[Briefly|In one sentence|In short]: what [happened|does it mean|went wrong|is this][ here|]?
[Give|Write] [one sentence|one short sentence|a short explanation] [on|about|for] {_LINE}[.|:]
"""),
    "fix": templates(f"""
[How can I|How do I|How can one|How should I] [fix|solve|resolve|handle|get rid of] {_LINE}?
What [should|can|must] [I|we|one] do [about|against|after] {_LINE}?
[Explain|Analyse|Describe] {_LINE} and [say what to do|suggest a remedy|recommend a fix|propose a solution][.|:]
[Suggest|Propose|Recommend] [a fix|a solution|a remedy|an action] for {_LINE}[.|:]
"""),
    "many lines": templates(f"""
[Analyze|Analyse|Summarize|Summarise|Explain|Review|Sum up|Go through] {_LINES}[ and say what to do first| and name the first problem| in short|, please|][.|:]
What [happened|went wrong|is wrong] in {_LINES}[, and what should I do first|, and in which order|]?
[Give me|Write] a [short |brief |][report|summary] [of|on] {_LINES}[.|:]
"""),
}


def another(random: Random, question: str, known: str) -> str:
    """Every second time another wording of the question of kind `known`, else `question` itself."""
    return random.choice(WORDINGS[known]).draw(random) if random.random() < 0.5 else question
