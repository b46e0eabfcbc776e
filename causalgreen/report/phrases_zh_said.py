"""Chinese of sentences that other packages of the house say in English.

Each entry is a pattern and what it becomes; what no pattern knows stays in English.
"""

from __future__ import annotations

__all__ = ["SAID"]

SAID = (
    # column heads
    (r"(?P<a>[\d.]+) % interval", "{a}% 置信区间"),
    (r"% of mean, (?P<a>[\d.]+) % interval", "占均值 % 的 {a}% 置信区间"),
    (r"(?P<a>[\d.,−-]+) to (?P<b>[\d.,−-]+)", "{a} 至 {b}"),
    # assumptions
    (
        r"conditional exogeneity: the graph holds everything that moves (?P<y>\S+) \(or a "
        r"mediator\) together with (?P<d>.+); nothing is left given (?P<x>.+)",
        "条件外生性: 凡同时影响 {y}（或中介变量）与{d}的因素都在因果图中；给定{x}后不再有遗漏",
    ),
    (r"(?P<a>.+); and the absorbed (?P<b>.+)", "{a}，以及已吸收的{b}"),
    (r"the absorbed (?P<b>.+)", "已吸收的{b}"),
    (
        r"exposure mapping: a firm is touched by other firms' (?P<d>.+) only through (?P<p>.+)",
        "暴露映射: 其他企业的 {d} 仅通过 {p} 影响本企业",
    ),
    (
        r"no interference: other firms' (?P<d>.+) does not move a firm's (?P<y>.+)",
        "无干扰: 其他企业的 {d} 不影响本企业的 {y}",
    ),
    (
        r"linear in units: one more unit of (?P<d>.+) has the same average effect at every level; "
        r"columns adjusted for may act in any shape",
        "单位线性: 在任何水平上，{d}增加一个单位的平均效应相同；调整变量的作用形式不限",
    ),
    (
        r"linear in traits: where coefficients vary with (?P<t>.+) they do so linearly",
        "特征线性: 系数随{t}变化时，变化是线性的",
    ),
    (
        r"no carry-over: last period's (?P<m>.+) does not act on this period's variables, except "
        r"through what is in the graph",
        "无滞后影响: 上期的{m}除经由图中所示途径外，不影响本期变量",
    ),
    (
        r"no common shock: once the rest is adjusted for, (?P<s>.+) moves at most one of (?P<v>.+)",
        "无共同冲击: 调整其余变量后，{s}至多影响{v}中的一个",
    ),
    (
        r"sequential ignorability: given treatments, exposures and all that is adjusted for, no "
        r"unobserved cause that varies over time moves both (?P<m>.+) and (?P<y>\S+), and no "
        r"treatment moves such a cause",
        "序贯可忽略性: 给定处理变量、同伴暴露和全部调整变量，没有随时间变化的未观测因素同时影响"
        "{m}与 {y}，处理变量也不影响这样的因素",
    ),
    (
        r"no interaction: the effect of (?P<m>.+) on (?P<y>\S+) does not depend on (?P<d>.+)",
        "无交互: {m}对 {y} 的影响不依赖于{d}",
    ),
    (
        r"no hidden heterogeneity: firms in which (?P<d>.+) moves (?P<m>.+) more(?: than their "
        r"(?P<t>.+) say)? are not those in which .+ does more for (?P<y>[^;]+); .+",
        "无隐藏异质性: 给定{t}等特征后，{d}对{m}影响更大的企业，并非{m}对 {y} 作用更大的企业；"
        "平均值之积等于乘积之平均",
    ),
    (
        r"strict exogeneity of mediators: what is unexplained in (?P<y>\S+) (?:in any year|last "
        r"year) moves no later (?P<m>.+)",
        "中介变量的严格外生性: {y} 中未被解释的部分不影响之后的{m}",
    ),
    (
        r"additive effects: (?P<a>.+) shift the level of (?P<y>\S+) and of everything else in the "
        r"system by an additive term, so that absorbing removes them",
        "可加性: {a}以可加项改变 {y} 及系统中其他变量的水平，因而吸收固定效应即可消除",
    ),
    (
        r"strict exogeneity \(within\): what is unexplained in (?P<y>\S+) in a year is unrelated "
        r"to the firm's (?P<d>.+) in every year, earlier and later; past \S+ moves no later .+",
        "严格外生性（组内）: {y} 中未被解释的部分与该企业任何年份的{d}无关；过去的 {y} "
        "不影响之后的{d}",
    ),
    (
        r"strict exogeneity \(first differences\): the change in what is unexplained in (?P<y>\S+) "
        r"is unrelated to (?P<d>.+) in both years; last year's .+",
        "严格外生性（一阶差分）: {y} 中未被解释部分的变化与两年的{d}无关；上年的 {y} "
        "不影响本年的{d}",
    ),
    (
        r"strict exogeneity \(Mundlak\): given firm means of the columns, the firm effect is "
        r"unrelated to (?P<d>.+), and what is unexplained in (?P<y>\S+) is .+",
        "严格外生性（Mundlak）: 给定各变量的企业均值，企业效应与{d}无关，{y} "
        "中未被解释的部分也与之无关",
    ),
    (
        r"common unit: one more unit of (?P<d>.+) everywhere is one more unit of (?P<p>.+)",
        "共同单位: 各企业的 {d} 均增加一个单位，即 {p} 增加一个单位",
    ),
    # reasons and remedies
    (
        r"what is adjusted for and absorbed blocks every back-door path in the graph; but "
        r"(?P<s>.+)",
        "调整变量和固定效应阻断了图中全部后门路径；但{s}",
    ),
    (r"no back-door path is open in the graph; but (?P<s>.+)", "图中没有未阻断的后门路径；但{s}"),
    (
        r"what is adjusted for and absorbed blocks every back-door path from (?P<d>.+) to "
        r"(?P<y>\S+)",
        "调整变量和固定效应阻断了从{d}到 {y} 的全部后门路径",
    ),
    (r"no back-door path is open from (?P<d>.+) to (?P<y>\S+)", "从{d}到 {y} 没有未阻断的后门路径"),
    (
        r"sequential ignorability is an assumption that neither fixed effects nor a randomised "
        r"treatment delivers",
        "序贯可忽略性是一个假设，固定效应和随机分配的处理都不能保证其成立",
    ),
    (
        r"back-door paths are open, only through (?P<n>[^;]+), which nothing here removes; and "
        r"(?P<s>.+)",
        "后门路径未阻断，仅经由{n}，而此处无法消除；并且{s}",
    ),
    (
        r"back-door paths are open, only through (?P<n>[^;]+), which nothing here removes",
        "后门路径未阻断，仅经由{n}，而此处无法消除",
    ),
    (
        r"(?P<h>.+) is (?:unobserved|not adjusted for) and leaves a back-door path from (?P<d>.+) "
        r"to (?P<y>\S+) open",
        "{h}未被观测或未被调整，使从{d}到 {y} 的后门路径未阻断",
    ),
    (
        r"absorb (?P<c>.+) if (?P<d>.+) still varies inside such cells; else argue that (?P<s>.+) "
        r"moves only one side",
        "若{d}在单元内仍有变异，可吸收 {c}；否则需论证{s}只影响其中一方",
    ),
    # effects
    (
        r"paths with coefficients that vary with (?P<t>.+), averaged over firms",
        "系数随{t}变化的各路径，对企业取平均",
    ),
    (
        r"the firms that these (?P<n>[\d,]+) firms were drawn from, each with the same weight",
        "这 {n} 家企业所来自的总体，每家企业权重相同",
    ),
    (
        r"the firms that these (?P<n>[\d,]+) firms were drawn from.*",
        "这 {n} 家企业所来自的总体",
    ),
    (
        r"(?P<n>[\d,]+) firms, each weighted by its residual variance of (?P<d>.+), times its "
        r"sampling weight",
        "{n} 家企业，按{d}的残差方差与抽样权重之积加权",
    ),
    (
        r"(?P<n>[\d,]+) firms, each weighted by its residual variance of (?P<d>.+)",
        "{n} 家企业，按{d}的残差方差加权",
    ),
    (
        r"withheld, because the graph does not identify them: (?P<n>[^(]+) \((?P<w>.+)\)\. .+",
        "因果图不能识别而未报告的路径：{n}（{w}）",
    ),
    (
        r"the plain average over firms differs from the constant-coefficient estimate, which "
        r"weighs "
        r"firms by their residual treatment variance, by more than the joint error: (?P<w>.+)",
        "企业简单平均与按处理变量残差方差加权的常系数估计之差超出联合误差：{w}",
    ),
    (
        r"coefficients do not vary with the traits: with (?P<n>[\d,]+) clusters \((?P<c>.+)\) the "
        r"interval of (?P<d>.+) would be some (?P<x>[\d.]+) times as long\. .+",
        "系数不随企业特征变化：只有 {n} 个聚类（{c}），若随特征变化，{d}的区间将约为 {x} 倍长；"
        "效应有差异时，单一系数不等于企业平均，并会在直接与中介路径之间移动效应",
    ),
    (
        r"coefficients vary with the traits, and with (?P<n>[\d,]+) clusters \((?P<c>.+)\) that "
        r"makes the interval of (?P<d>.+) some (?P<x>[\d.]+) times as long; .+",
        "系数随企业特征变化；聚类（{c}）只有 {n} 个，{d}的区间因此约为单一系数的 {x} 倍长；"
        "若各企业效应相同，用单一系数（coefficients='constant'）即可",
    ),
    (
        r"coefficients do not vary with the traits: of (?P<n>[\d,]+) clusters \((?P<c>.+)\) one "
        r"alone tells how that of (?P<d>.+) does with (?P<t>.+?)\. .+",
        "系数不随企业特征变化：{n} 个聚类（{c}）中，仅一个聚类能说明{d}的系数如何随{t}变化；"
        "效应有差异时，单一系数不等于企业平均，并会在直接与中介路径之间移动效应",
    ),
    (
        r"coefficients do not vary with the traits: traits and regressors are collinear.+",
        "系数不随企业特征变化：特征与解释变量共线，无法确定系数如何随之变化",
    ),
    (
        r"(?P<v>.+) varies as if there were (?P<e>[\d.]+) clusters of one size, not "
        r"(?P<n>[\d,]+):.*",
        "{v}的变异只相当于 {e} 个同等规模的聚类（共 {n} 个），区间不可信",
    ),
    (
        r"sampling weights count as if there were (?P<e>[\d.]+) clusters of one size, not "
        r"(?P<n>[\d,]+):.*",
        "抽样权重只相当于 {e} 个同等规模的聚类（共 {n} 个），区间不可信",
    ),
    (
        r"without (?P<c>.+) nothing determines (?P<v>.+): the estimate rests on that cluster "
        r"alone.*",
        "去掉{c}后，{v}无从确定：估计仅依赖该聚类",
    ),
    (
        r"only (?P<n>\d+) clusters.*",
        "只有 {n} 个聚类，标准误和区间需谨慎解读",
    ),
    # nuisances
    (
        r"the removed effects leave nothing of (?P<v>.+): linear learners .+",
        "剔除固定效应后，{v}不再有变异：线性学习器不使用它，其他学习器使用其水平值",
    ),
    (
        r"folds are uneven: (?P<m>\d+%) of the rows are in one of (?P<k>\d+), and what controls "
        r"predict there is learnt from the other (?P<r>\d+%)\..*",
        "各折大小悬殊：{k} 折中一折占 {m} 的观测，其预测仅由其余 {r} 的观测学得；"
        "或有一个聚类过大，或有企业在聚类间迁移而将其连成一片：用企业始终不变的聚类（如首次所在地）可使各折均匀",
    ),
    (
        r"(?P<v>\S+): controls predict it worse than its mean does.*",
        "{v}：控制变量的预测不如其均值",
    ),
    (
        r"(?P<v>\S+): tuning ended at the end of its path; allow more rounds",
        "{v}：调参停在路径末端，应允许更多轮次",
    ),
    (r"(?P<v>\S+) has little variation left", "{v} 剩余变异很少"),
    # for whom
    (
        r"the panel has no (?P<t>[\w, ]+?)\. Nearest question: (?P<q>.+)",
        "面板中没有 {t}。最接近的问题：{q}",
    ),
    (
        r"the panel has one treatment\. Nearest question: (?P<q>.+)",
        "只有一个处理变量。最接近的问题：{q}",
    ),
    (
        r"The tree is grown split by split.+|the tree is grown split by split.+",
        "决策树逐步贪心生长：两个特征只有合起来才起作用时，可能存在同深度的更优树",
    ),
    (
        r"(?P<n>\d+) firms beyond the 1st and 99th percentile of (?P<t>\S+) are left out",
        "剔除 {t} 低于 1% 或高于 99% 分位的 {n} 家企业",
    ),
    (r"average against zero", "平均效应与零比较"),
    (
        r"(?P<t>\S+): (?P<a>[\d.,]+) and above against (?P<b>[\d.,]+) and below \(fifths\)",
        "{t}：不低于 {a} 与不高于 {b} 比较（最高与最低五分位）",
    ),
    (r"(?P<t>\S+): (?P<a>\S+) against (?P<b>\S+)", "{t}：{a} 与 {b} 比较"),
    (r"(?P<a>[\w .=<>≤]+) and (?P<b>\w+ (?:[=<>≤]|is) [\w.≤ ]+)", "{a} 且 {b}"),
)
