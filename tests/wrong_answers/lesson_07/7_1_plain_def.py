"""my_groups is a plain function"""


def my_groups(papers, ask, k=3):
    return ask([paper.abstract for paper in papers])
