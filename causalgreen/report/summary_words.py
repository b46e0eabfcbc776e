"""Words of the summary in English and Chinese; a referee reads them, so they claim no more."""

from __future__ import annotations

__all__ = ["EN", "ZH"]

EN = {
    "question": "Question", "found": "Found", "paths": "By path", "whom": "For whom",
    "sure": "How sure", "identified": "Read as causal", "tried": "Tried",
    "overturn": "Would overturn it", "silent": "Does not say",
    # the question
    "asked": "{treatment} and {outcome}, path by path: {rows} rows, {firms} firms, {periods} "
    "periods ({first} to {last}); {fixed}.",
    # what was found
    "everywhere": "one more unit of {treatment} in every firm",
    "own": "one more unit of {treatment} in a firm",
    "raise": "If the graph and its assumptions hold, {subject} is estimated to raise {outcome} by "
    "{amount}{unit} ({level} % interval {interval}){percent}.",
    "lower": "If the graph and its assumptions hold, {subject} is estimated to lower {outcome} by "
    "{amount}{unit} ({level} % interval {interval}){percent}.",
    "unclear": "The data do not tell the effect of {subject} on {outcome} from zero: the estimate "
    "is {signed}{unit}, and they are compatible with all from {interval} ({level} % "
    "interval){percent}.",
    "more": "{Subject} goes with {amount}{unit} more {outcome} ({level} % interval "
    "{interval}){percent}; {reading}.",
    "less": "{Subject} goes with {amount}{unit} less {outcome} ({level} % interval "
    "{interval}){percent}; {reading}.",
    "flat": "The data do not tell the association of {subject} with {outcome} from zero: the "
    "estimate is {signed}{unit}, and they are compatible with all from {interval} ({level} % "
    "interval){percent}; {reading}.",
    "reading needs an assumption": "to read this as an effect takes an assumption that the data "
    "cannot check",
    "reading not identified": "the graph does not identify it as an effect",
    "percent": ", {amount} % of the mean ({interval})",
    "no total": "{n} estimates, none of them a total.",
    # by path
    "path": "{path} {amount} ({interval})",
    "zero": "{path} {amount} ({interval}, zero included)",
    "one by one": "Intervals hold one by one.",
    "withheld": "Not reported, as the graph does not identify them: {names}.",
    # for whom
    "claims": "{n} comparisons (claims by path), p-values adjusted for asking all: "
    "{supported} supported, {contradicted} contradicted, {untold} that cannot be told, {refused} "
    "not answerable here.",
    "claim": "{claim} ({path}: {amount}, {interval})",
    "told": "Told apart: {items}.",
    "against": "Against the claim: {items}.",
    # how sure
    "sure CR1": "Standard errors clustered by {clusters}",
    "sure CV3": "Standard errors by the cluster jackknife, {clusters}",
    "count": "{name} ({n})",
    "df": "; t with {df} degrees of freedom.",
    "few": "With so few clusters the intervals are themselves uncertain.",
    "smallest": "An effect of {amount} ({path}) would be found with a probability of 80 %, "
    "smaller ones less often.",
    # identification
    "yes": "Identified by the graph: {names}.",
    "if": "Rests on {assumptions}, which the data cannot check: {names}.",
    "no": "Not identified, associations only: {names}.",
    "graph": "All of it holds for the graph as drawn.",
    # tried
    "counts": "{n} checks: {counts}.",
    "verdict pass": "{n} passed", "verdict warn": "{n} unclear", "verdict fail": "{n} failed",
    "verdict not applicable": "{n} could not be run",
    "failed": "Failed: {names}.", "unclear checks": "Unclear: {names}.",
    "nothing tried": "Nothing yet: study.falsify() tries to break it.",
    # what would overturn it
    "broken": "What failed has to be answered first: {name}{reason}.",
    "reason": " ({reason})",
    "strength": "A confounder that explains {rv} % of what is left of both {treatment} and "
    "{outcome} would take the estimate ({path}) to zero, one of {rv_a} % the nearer end of its "
    "one-sided interval.",
    "benchmark yes": "One as strong as {block}, the strongest observed control, would.",
    "benchmark no": "One as strong as {block}, the strongest observed control, would not.",
    "open": "The interval of {path} holds zero, so there is no finding to overturn; but a "
    "confounder can hide an effect, too.",
    "there being": "there being {assumption}",
    "assumed": "Any of its assumptions being wrong: {names}. The first to doubt is a cause that "
    "varies over time, is not among the controls, and moves {treatment} and {outcome} together.",
    # what is not said
    "limits": "What {treatment} does in a single firm, at values that no firm has taken, or "
    "through {moved} of earlier periods: these are averages within the period.",
}  # fmt: skip

ZH = {
    "question": "问题", "found": "结果", "paths": "分路径", "whom": "对谁", "sure": "精度",
    "identified": "因果解读", "tried": "已做检验", "overturn": "什么会推翻它", "silent": "未回答",
    "asked": "{treatment}与{outcome}，分路径：{rows} 个观测值，{firms} 家企业，{periods} 期"
    "（{first}–{last}）；{fixed}。",
    "everywhere": "所有企业的{treatment}均增加一个单位",
    "own": "一家企业的{treatment}增加一个单位",
    "raise": "若因果图及其假设成立，{subject}，{outcome}估计增加 {amount}{unit}（{level}% 置信区间 "
    "{interval}）{percent}。",
    "lower": "若因果图及其假设成立，{subject}，{outcome}估计减少 {amount}{unit}（{level}% 置信区间 "
    "{interval}）{percent}。",
    "unclear": "数据不能把“{subject}”对{outcome}的效应与零区分开：估计值为 {signed}{unit}，"
    "{interval} 内的值均与数据相容（{level}% 置信区间）{percent}。",
    "more": "{subject}，{outcome}相应地多 {amount}{unit}（{level}% 置信区间 {interval}）{percent}；"
    "{reading}。",
    "less": "{subject}，{outcome}相应地少 {amount}{unit}（{level}% 置信区间 {interval}）{percent}；"
    "{reading}。",
    "flat": "数据不能把“{subject}”与{outcome}的关联与零区分开：估计值为 {signed}{unit}，{interval} "
    "内的值均与数据相容（{level}% 置信区间）{percent}；{reading}。",
    "reading needs an assumption": "解读为效应需要数据无法检验的假设",
    "reading not identified": "因果图不能将其识别为效应",
    "percent": "，为均值的 {amount}% {interval}",
    "no total": "{n} 个估计值，其中没有总效应。",
    "path": "{path} {amount} {interval}",
    "zero": "{path} {amount} {interval}（含零）",
    "one by one": "置信区间逐个成立。",
    "withheld": "因果图不能识别而未报告：{names}。",
    "claims": "{n} 个比较（论断乘路径），p 值已按同时检验调整：支持 {supported} 个，"
    "相反 {contradicted} 个，无法判断 {untold} 个，此处无法回答 {refused} 个。",
    "claim": "{claim}（{path} {amount} {interval}）",
    "told": "可以区分：{items}。",
    "against": "与论断相反：{items}。",
    "sure CR1": "聚类稳健标准误，聚类于{clusters}",
    "sure CV3": "聚类刀切标准误，{clusters}",
    "count": "{name}（{n}）",
    "df": "；t 分布，自由度 {df}。",
    "few": "聚类数很少，置信区间本身也不确定。",
    "smallest": "大小为 {amount} 的{path}有 80% 的概率被发现，更小的则更难。",
    "yes": "因果图可识别：{names}。",
    "if": "以{assumptions}为前提，而数据无法检验：{names}。",
    "no": "不可识别，仅为关联：{names}。",
    "graph": "以上均以所画因果图为前提。",
    "counts": "共 {n} 项检验：{counts}。",
    "verdict pass": "通过 {n} 项", "verdict warn": "存疑 {n} 项", "verdict fail": "未通过 {n} 项",
    "verdict not applicable": "未能进行 {n} 项",
    "failed": "未通过：{names}。", "unclear checks": "存疑：{names}。",
    "nothing tried": "尚无：study.falsify() 会尝试推翻这些数字。",
    "broken": "须先回应未通过的检验：{name}{reason}。",
    "reason": "（{reason}）",
    "strength": "若某混杂因素能解释{treatment}与{outcome}各自剩余变异的 {rv}%，{path}的估计值"
    "将归零；若为 {rv_a}%，其单侧置信区间的近端将及于零。",
    "benchmark yes": "强度与最强的已观测控制变量 {block} 相当的混杂因素足以如此。",
    "benchmark no": "强度与最强的已观测控制变量 {block} 相当的混杂因素尚不足以如此。",
    "open": "{path}的置信区间含零，尚无结论可被推翻；但混杂因素也可能掩盖效应。",
    "there being": "{assumption}",
    "assumed": "其任一假设不成立：{names}。首先应怀疑的是未列入控制变量、随时间变化并同时影响"
    "{treatment}与{outcome}的因素。",
    "limits": "单个企业的效应、没有企业达到过的{treatment}取值，以及以往各期{moved}的作用："
    "这里给出的是同期的平均值。",
}  # fmt: skip
